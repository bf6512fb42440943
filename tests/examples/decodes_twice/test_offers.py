import pytest

pytest.importorskip("fastapi", reason="this partner is a FastAPI application: pip install fastapi")

from offers import create_app

POSTBACK = "https://offers.example/clicks?user={{User ID}}&parameters={{Parameters}}"


@pytest.fixture
def app(leanplum):
    app = create_app()
    leanplum.partner("https://offers.example/", app)
    leanplum.add_postback(POSTBACK, channels=["Email"])
    return app


def test_an_address_with_a_plus_stays_as_it_is(leanplum, app):
    leanplum.trigger(
        "email.click", user_id="ada+news@x.example", parameters={"url": "https://x.example/"}
    )

    leanplum.assert_delivered()
    assert app.state.clicks == [("ada+news@x.example", "https://x.example/")]


def test_what_is_encoded_in_a_url_stays_encoded(leanplum, app):
    address = "https://x.example/search?q=50%25+off%26more"
    leanplum.trigger("email.click", user_id="ada", parameters={"url": address})

    leanplum.assert_delivered()
    assert app.state.clicks == [("ada", address)]
