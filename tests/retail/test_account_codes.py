"""Account codes: read as people write them, and never taken for another account's."""

from uuid import UUID, uuid4

import pytest

from retail.account_codes import account_code, customer_ids
from retail.errors import WrongAccountCodeError


def test_a_code_leads_to_its_account_and_to_no_other() -> None:
    ids = [uuid4() for _ in range(200)]
    for customer_id in ids:
        first, last = customer_ids(account_code(customer_id))
        assert [one for one in ids if first <= one <= last] == [customer_id]


def test_a_code_cannot_be_misread() -> None:
    codes = "".join(account_code(uuid4()) for _ in range(500))
    assert set(codes) & set("ILOUilou") == set()
    zero_and_one = account_code(UUID("00420000-0000-4000-8000-000000000000"))
    assert zero_and_one == "01100-00000"
    for written in ("o1lOO-ooooo", "0ii0000000", " 0110 0 00000 "):
        assert customer_ids(written) == customer_ids(zero_and_one)


@pytest.mark.parametrize("code", ["", "01100", "01100-000000", "01100-00001", "U1100-00000", "kim@example.com", "é"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(WrongAccountCodeError, match="ten letters and digits"):
        customer_ids(code)
