from clicks import create_app

POSTBACK = "https://shop.example/clicks?user={{User ID}}&message={{Message ID}}&at={{Trigger time}}"


def test_a_click_is_counted(leanplum):
    app = create_app(tell_crm=print)
    leanplum.partner("https://shop.example/", app)
    leanplum.add_postback(POSTBACK)

    leanplum.trigger("email.click", user_id="ada")

    leanplum.assert_delivered(event="email.click", user_id="ada")
    assert app.clicks == {"ada": 1}


def test_a_click_counts_once_although_the_crm_is_slow(leanplum):
    seconds = iter([31, 0])
    app = create_app(lambda user: partner.spend(seconds=next(seconds)))
    partner = leanplum.partner("https://shop.example/", app)
    leanplum.add_postback(POSTBACK)

    leanplum.trigger("email.click", user_id="ada")
    leanplum.run_until_idle()

    leanplum.assert_delivered(event="email.click", user_id="ada")
    assert app.clicks == {"ada": 1}
