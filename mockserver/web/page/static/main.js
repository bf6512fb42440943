// Puts the page together: the frame around every view, the way between them, the keys, the login.
import { html, render, useEffect, useRef, useState } from "./parts/html.js";
import { call, onTokenNeeded } from "./parts/api.js";
import { live, onHappening, startLive } from "./parts/live.js";
import { route } from "./parts/route.js";
import { Problem } from "./parts/parts.js";
import { useAction } from "./parts/use.js";
import { Help, useKeys } from "./parts/keys.js";
import { ClockLine } from "./parts/clock.js";
import listed from "./views.js";

const views = [...listed].sort((one, other) => one.order - other.order);
const tabs = views.filter((view) => view.tab);

function found({ segments }) {
  return views.find((view) => view.matches(segments)) ?? views.find((view) => view.matches([]));
}

function Page() {
  const [place, setPlace] = useState(route());
  const [login, setLogin] = useState(null);
  const [help, setHelp] = useState(false);
  const heading = useRef(null);
  useEffect(() => {
    const moved = () => { setPlace(route()); scrollTo(0, 0); heading.current?.focus(); };
    addEventListener("hashchange", moved);
    const stop = onTokenNeeded(() => setLogin({ needs_token: true, logged_in: false }));
    call("GET", "login").then((state) => { setLogin(state); if (state.logged_in) startLive(); })
      .catch((error) => setLogin({ error }));
    return () => { removeEventListener("hashchange", moved); stop(); };
  }, []);
  const view = found(place);
  useEffect(() => { document.title = `${view.title(place.segments)} – postbacks`; });
  useKeys(tabs, () => setHelp(true));
  const isIn = login && login.logged_in;
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); heading.current?.focus(); }}>Skip to the view</a>
    <header class="frame">
      <a class="name" href="#/">postbacks</a>
      <nav aria-label="Views">${tabs.map((tab) => html`<a href=${tab.tab.href}
        aria-current=${tab === view || view.within === tab.name ? "page" : undefined}>${tab.tab.label}</a>`)}</nav>
      <span class="right"><${LiveSign} /><button type="button" class="quiet" onClick=${() => setHelp(true)} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)">?</button>
      ${isIn && login.needs_token && html`<${LogOut} />`}</span>
    </header>
    ${isIn && html`<${ClockLine} />`}
    <main id="main">
      <h1 tabindex="-1" ref=${heading}>${view.title(place.segments)}</h1>
      ${login === null && html`<p class="soft">Loading…</p>`}
      ${login?.error && html`<${Problem} error=${login.error} />`}
      ${login && !login.error && !isIn && html`<${Login} done=${(state) => { setLogin(state); startLive(); }} />`}
      ${isIn && html`<${view.View} key=${place.segments.join("/")} segments=${place.segments} query=${place.query} />`}
    </main>
    ${help && html`<${Help} tabs=${tabs} close=${() => setHelp(false)} />`}`;
}

function LiveSign() {
  const [state, setState] = useState(live.state);
  useEffect(() => { setState(live.state); return onHappening(() => setState(live.state)); }, []);
  const [sign, words] = {
    live: ["●", "live"], polling: ["◐", "live, by asking"], connecting: ["○", "connecting"], offline: ["✕", "not connected"],
  }[state];
  return html`<span class=${`live is-${state}`} role="status" title="Whether what happens is shown at once"><span aria-hidden="true">${sign}</span> ${words}</span>`;
}

function Login({ done }) {
  const [token, setToken] = useState("");
  const [run, busy, error] = useAction(async () => done(await call("POST", "login", { token: token.trim() })));
  return html`<form class="card narrow" onSubmit=${(event) => { event.preventDefault(); run(); }}>
    <p>This sandbox can be reached by others, so it needs its token: <code>postbacks serve</code> printed it when it started.</p>
    <label class="field wide"><span class="label">Token</span>
      <input type="password" autocomplete="current-password" required value=${token} onInput=${(event) => setToken(event.target.value)} /></label>
    <button type="submit" disabled=${busy}>Log in</button>
    <${Problem} error=${error} /></form>`;
}

function LogOut() {
  const [run] = useAction(async () => { await call("DELETE", "login"); location.reload(); });
  return html`<button type="button" class="quiet" onClick=${run}>Log out</button>`;
}

const place = document.getElementById("app");
place.textContent = "";
render(html`<${Page} />`, place);
