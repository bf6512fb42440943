"""The contract suite: every documented statement is a case, every case is proved able to fail.

The order in which to read:

- `vocabulary`: levels, origins, statuses. `requirements` (and `requirements.yaml`): every
  statement, in our own words, with its source. `registry`: what a case is.
- `provider`: the cases about Leanplum's side. `recorder`: how a case says what it expects. `api`,
  `target`: what it holds in its hands; `exchange`, `masks`: what went over the wire.
- `partner`: the cases about an endpoint that receives postbacks; `endpoint`: what they hold.
- `server`: what a run is aimed at; `embedded`, `real`: two of them. `pace`: how much it may send.
- `generated`, `runner`, `suite`: from cases to results. `results`: the one stream that every
  `report` is a function of. `baseline`: what is known and accepted. `replay`: a recorded
  failure again. `snapshots`: what the real API answered.
- `deviants`: broken fakes and broken endpoints. `proof`: every case against all of them;
  `matrix`: what came of it.
- `strategies`: values for the properties of users. `partner_machine`, `partner_road`: looks for a
  sequence after which a partner's application has lost something or counted it twice.
- `documentation`: the page that is generated from all this. `test_contract`: the cases as
  tests of pytest.

For pytest, which would warn of a plugin's package that is imported already:
PYTEST_DONT_REWRITE.
"""
