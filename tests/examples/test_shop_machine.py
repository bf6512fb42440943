import json
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("hypothesis", reason="this test looks for sequences: pip install hypothesis")

from hypothesis import settings
from shop_flask import POSTBACK, create_app, stored

from contracts.partner_machine import PartnerStateMachine


class Shop(PartnerStateMachine):
    template = POSTBACK

    def make_app(self):
        self.folder = tempfile.TemporaryDirectory()
        self.database = Path(self.folder.name) / "shop.sqlite"
        return create_app(self.database)

    def stored(self):
        return [
            (
                row["user"],
                row["device"],
                row["message"],
                row["event"],
                int(row["at"]),
                json.dumps(json.loads(row["parameters"]), sort_keys=True),
            )
            for row in stored(self.database)
        ]

    def key_of(self, event):
        user, message, what, at = super().key_of(event)
        parameters = json.dumps(event.parameters, sort_keys=True)
        return user, event.device_id, message, what, at, parameters

    def restart(self):
        return create_app(self.database)

    def teardown(self):
        super().teardown()
        self.folder.cleanup()


TestShop = Shop.TestCase
TestShop.settings = settings(TestShop.settings, max_examples=20)
