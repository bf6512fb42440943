// Lets `postbacks verify` run against an endpoint on this machine, and lists the reports that are kept.
import { html, useEffect, useState } from "../parts/html.js";
import { base, del, get, post, segment } from "../parts/api.js";
import { count, duration, instant } from "../parts/format.js";
import { Command, Empty, Field, Lines, Problem, Text } from "../parts/parts.js";
import { useAction, useLoaded } from "../parts/use.js";

const LOOK_SECONDS = 0.5;
const SAMPLE = "http://127.0.0.1:5000/postbacks?user={{User ID}}&device={{Device ID}}&event={{Message event}}&at={{Trigger time}}";
const HERE = /^https?:\/\/(127\.|localhost[:/]|\[::1\])/;
const KINDS = { passed: ["pass", "✓"], failed: ["fail", "✕"], interrupted: ["warn", "▲"], cancelled: ["warn", "▲"] };

function Verify() {
  const [found, error, look] = useLoaded(() => get("verify"), [], () => false);
  const [kept, problem, list] = useLoaded(() => get("reports"), [], () => false);
  const run = found?.run;
  useEffect(() => {
    // Whoever comes back from a terminal may have made one there.
    addEventListener("focus", list);
    return () => removeEventListener("focus", list);
  }, []);
  useEffect(() => {
    if (!run?.is_running) { list(); return undefined; }
    const looking = setInterval(look, LOOK_SECONDS * 1000);
    return () => clearInterval(looking);
  }, [run?.number, run?.is_running]);
  return html`<${Problem} error=${error ?? problem} /><${Form} busy=${run?.is_running} started=${look} />
    ${run && html`<${Run} run=${run} look=${look} />`}
    ${kept && html`<${Reports} kept=${kept} list=${list} />`}`;
}

function Form({ busy, started }) {
  const [apps] = useLoaded(() => get("apps"), [], () => false);
  // What is registered is what one wants to try.
  const rule = apps?.apps.flatMap((app) => app.rules).find((one) => HERE.test(one.url));
  const [given, setUrl] = useState(null);
  const [chosen, setType] = useState(null);
  const url = given ?? rule?.url ?? SAMPLE;
  const type = chosen ?? rule?.type ?? "messageEvents";
  const [profile, setProfile] = useState("quick");
  const [run, starting, error] = useAction(async () => { await post("verify", { url: url.trim(), type, profile }); started(); });
  return html`<form class="card form" onSubmit=${(event) => { event.preventDefault(); run(); }}>
    <h2>Put an endpoint to the test</h2><p class="soft">It is sent what Leanplum will send: repeats, odd values, bursts. It stores what it stores; ids begin with <code>postbacks-verify-</code>. Only endpoints on this machine can be named here.</p>
    <${Field} label="postbackUrl, as you would register it" wide><textarea rows="2" required dir="ltr" spellcheck=${false} value=${url} onInput=${(event) => setUrl(event.target.value)}></textarea></${Field}>
    <div class="filters"><${Field} label="Listens to"><select value=${type} onChange=${(event) => setType(event.target.value)}><option value="messageEvents">message events</option><option value="abTestEvents">A/B test events</option></select></${Field}>
      <${Field} label="How much"><select value=${profile} onChange=${(event) => setProfile(event.target.value)}><option value="quick">quick</option><option value="full">full, also with made-up values</option></select></${Field}>
      <button type="submit" disabled=${busy || starting}>verify</button></div>
    <${Problem} error=${error} /></form>`;
}

function Run({ run, look }) {
  const [cancel, busy, error] = useAction(async () => { await post("verify/cancel"); look(); });
  const done = Object.values(run.by_status).reduce((sum, number) => sum + number, 0);
  return html`<section class="card" aria-labelledby="run"><div class="bar-line"><h2 id="run">Run ${run.number}</h2>${run.is_running ? html`<button type="button" class="danger" disabled=${busy} onClick=${cancel}>${run.is_cancelled ? "end it at once" : "cancel"}</button>` : html`<${Verdict} verdict=${run.verdict} />`}</div>
    <p role="status">${run.is_running ? `${run.cases ? `${done} of ${count(run.cases, "case")}` : "starting"}${run.current ? `, now ${run.current}` : ""}` : `${count(done, "case")} in ${duration(run.real_seconds)}: ${Object.entries(run.by_status).map(([name, number]) => `${number} ${name}`).join(", ") || "none was tried"}`}</p>
    ${run.is_running && run.cases && html`<progress class="fill" aria-label="Cases done" max=${run.cases} value=${done}></progress>`}
    ${run.found.length > 0 && html`<ul class="rows tight fill">${run.found.map((one) => html`<li key=${one.id}><span class=${`badge is-${one.status === "FAIL" ? "fail" : "warn"}`}>${one.status}</span> <code>${one.id}</code> <${Text} value=${one.title} code=${false} /> <span class="soft">${one.level}</span></li>`)}</ul>`}
    ${run.report_id && html`<p><${Open} id=${run.report_id}>open the report</${Open}> <span class="soft">for what was expected, what came, and how to fix it</span></p>`}
    ${!run.report_id && !run.is_running && run.said.length > 0 && html`<${Lines} value=${run.said.join("\n")} label="what the command said" />`}
    <div class="fill"><h3>The same in a terminal</h3><${Command} text=${run.command} /></div><${Problem} error=${error} /></section>`;
}

function Reports({ kept, list }) {
  const [forget, , error] = useAction(async (id) => { await del(`reports/${segment(id)}`); list(); });
  return html`<section class="card" aria-labelledby="reports"><div class="bar-line"><h2 id="reports">Reports of this machine</h2><button type="button" class="quiet" onClick=${list}>reload</button></div>
    ${kept.reports.length === 0 && html`<${Empty} title=${kept.folder ? "There is none yet." : "None are kept: POSTBACKS_REPORTS is none."} command="postbacks contracts run"><p>Each run of <code>verify</code> and <code>contracts run</code> leaves one, whoever starts it:</p></${Empty}>`}
    <ul class="rows">${kept.reports.map((one) => html`<li key=${one.id}><div><${Verdict} verdict=${one.verdict} /> <${Open} id=${one.id}><${Text} value=${one.command} code=${false} folds=${false} most=${60} />, ${instant(one.started_at).slice(0, 19)} UTC</${Open}> <span class="soft">${one.must_passed} of ${one.must_applicable} MUST, ${duration(one.real_seconds)}</span></div>
      <div><${Text} value=${one.target} most=${160} /></div><button type="button" class="quiet" aria-label=${`Forget report ${one.id}`} onClick=${() => forget(one.id)}>forget</button></li>`)}</ul><${Problem} error=${error} /></section>`;
}

function Verdict({ verdict }) {
  const [kind, sign] = KINDS[verdict] ?? ["error", "■"];
  return html`<span class=${`badge is-${kind}`}><span class="sign" aria-hidden="true">${sign}</span><${Text} value=${verdict} code=${false} most=${40} folds=${false} /></span>`;
}

/** A link to a report, which is a page of its own: it runs no script and cannot reach this one. */
function Open({ id, children }) {
  return html`<a data-row target="_blank" rel="noopener" href=${new URL(`_sandbox/reports/${segment(id)}/page`, base).href}>${children}</a>`;
}

export default {
  name: "verify", order: 50, tab: { label: "Verify", href: "#/verify", key: "v" },
  matches: (segments) => segments[0] === "verify", title: () => "Verify", View: Verify,
};
