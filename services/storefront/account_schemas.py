"""What the account pages and the account API take and give."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, SecretStr, StringConstraints

PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f<>]+$"),
]


def _of_characters(password: SecretStr) -> SecretStr:
    try:
        password.get_secret_value().encode()
    except UnicodeEncodeError:  # without its value, which it would quote
        raise ValueError("half of a surrogate pair is no character") from None
    return password


Password = Annotated[SecretStr, Field(min_length=1, max_length=1024, repr=False), AfterValidator(_of_characters)]
Email = Annotated[EmailStr, Field(max_length=254, repr=False)]


class Credentials(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: Email
    password: Password


class Registration(Credentials):
    """Who wants an account. The password has 15 to 128 characters of any kind and is not a common one."""

    name: PersonName


class PasswordChange(BaseModel):
    """Another password, for whoever knows the one there is."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    current_password: Password
    new_password: Annotated[Password, Field(description="15 to 128 characters of any kind, and not a common one")]


class Deletion(BaseModel):
    """The end of an account, for whoever knows its password."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    password: Password


class Accepted(BaseModel):
    """The same answer whether or not the address had an account."""

    detail: str = "If the address is new here, its account is ready: sign in."


class SignedInCustomer(BaseModel):
    """Who is signed in."""

    name: str
    email: str
    account_code: str = Field(description="Names the account to people who work here; no secret")
