import pytest

from flexiflow.examples.id_cards.checks import check_digit, exact_match, is_date, plausible

# The specimen of ICAO Doc 9303 part 4, appendix B, and its composite check digit.
SPECIMEN = [("L898902C3", 6), ("740812", 2), ("120415", 9), ("ZE184226B<<<<<", 1)]
COMPOSITE = "L898902C36" + "7408122" + "1204159" + "ZE184226B<<<<<1"


@pytest.mark.parametrize(("field", "digit"), SPECIMEN)
def test_check_digits_of_the_icao_specimen(field: str, digit: int) -> None:
    assert check_digit(field) == digit


def test_composite_check_digit_of_the_icao_specimen() -> None:
    assert check_digit(COMPOSITE) == 0


@pytest.mark.parametrize("field", ["l898902c3", "L8989 02C3", "É1", "٣"])
def test_check_digit_refuses_what_is_not_machine_readable(field: str) -> None:
    with pytest.raises(ValueError, match="capitals"):
        check_digit(field)


@pytest.mark.parametrize(
    ("text", "kind", "confidence", "good"),
    [
        ("12.08.1974", "date", 0.5, True),
        ("12.08.1974", "date", 0.49, False),
        ("12/08/1974", "date", 0.9, True),
        ("1974-08-12", "date", 0.9, True),
        ("12 AUG 1974", "date", 0.9, True),
        ("12AUG1974", "date", 0.9, True),
        ("12.08/1974", "date", 0.9, False),
        ("12 AVG 1974", "date", 0.9, False),
        ("31.04.1974", "date", 0.9, False),
        ("12.13.1974", "date", 0.9, False),
        ("00.08.1974", "date", 0.9, False),
        ("31.12.1929", "date", 0.9, False),
        ("01.01.1930", "date", 0.9, True),
        ("31.12.2015", "date", 0.9, True),
        ("01.01.2016", "date", 0.9, False),
        ("L898902C36", "number", 0.1, True),
        ("L898902C35", "number", 1.0, False),
        ("L898902 C36", "number", 0.1, True),
        ("l898902C36", "number", 1.0, False),
        ("ERIKSSON ANNA", "name", 0.8, True),
        ("ERIKSSON ANNA", "name", 0.79, False),
        ("ERIKSS0N", "name", 0.9, False),
        ("Eriksson", "name", 0.9, False),
        ("LI", "name", 0.9, False),
        ("", "name", 1.0, False),
        ("", "date", 1.0, False),
        ("", "number", 1.0, False),
    ],
)
def test_plausible(text: str, kind: str, confidence: float, good: bool) -> None:
    assert plausible(text, kind, confidence) is good


def test_plausible_knows_three_kinds() -> None:
    with pytest.raises(ValueError, match="'photo'"):
        plausible("x", "photo", 1.0)


@pytest.mark.parametrize("digits", ["١٢.٠٨.١٩٧٤", "１２.08.1974"])
def test_other_digits_are_no_date(digits: str) -> None:
    assert not is_date(digits)


def test_one_wrong_digit_is_noticed_wherever_it_is() -> None:
    number = "L898902C36"
    for place, was in enumerate(number):
        for digit in "0123456789":
            if was.isdigit() and digit != was:
                wrong = number[:place] + digit + number[place + 1 :]
                assert not plausible(wrong, "number", 1.0)


@pytest.mark.parametrize(
    ("text", "label", "same"),
    [("A B", "AB", True), ("AB", "AB", True), ("ab", "AB", False), ("", "AB", False)],
)
def test_exact_match(text: str, label: str, same: bool) -> None:
    assert exact_match(text, label) is same
