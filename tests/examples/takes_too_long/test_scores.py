import pytest

pytest.importorskip("freezegun", reason="freezegun tells how long it takes: pip install freezegun")

from freezegun import freeze_time
from scores import Scores

POSTBACK = "https://scores.example/opens?user={{User ID}}&at={{Trigger time}}"


def test_a_score_that_takes_45_seconds_is_computed_once(leanplum):
    with freeze_time("2026-01-01T12:00:00Z") as frozen:
        scores = Scores(compute=lambda user: frozen.tick(45))
        leanplum.partner("https://scores.example/", scores)
        leanplum.add_postback(POSTBACK)

        leanplum.trigger("push.open", user_id="ada")
        scores.work_off()
        leanplum.run_until_idle()

        leanplum.assert_delivered(event="push.open", user_id="ada")
        assert scores.computed == ["ada"]
