"""Checks what is claimed of Leanplum and of endpoints, and proves that each check can fail.

The order in which to read:

- `suite`: what every run shares. What a case is, how it says what it expects, from selected
  cases to results, and the reports that are functions of results.
- `conformance`: cases about Leanplum's side, what they hold, and fakes that are broken on
  purpose ("deviants").
- `verify`: cases about an endpoint that receives postbacks, what they hold, and endpoints
  that are broken on purpose.
- `proof`: every case against every deviant, and the page that is made from it.
- `cli`: the commands `postbacks contracts` and `postbacks verify`.
- `kinds`, `strategies`, `partner_machine`, `stored_once`, `flaky_transport`, `order_explorer`: for
  the properties of users.
- `test_contract`: the cases as tests of pytest.

`requirements.yaml` has every statement, in our own words, with its source.

For pytest, which would warn of a plugin's package that is imported already:
PYTEST_DONT_REWRITE.
"""
