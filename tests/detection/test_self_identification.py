"""What of a text looks as if it told who wrote it: measured on labelled sentences, and harmless on any text at all."""

import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.detection import self_identification
from app.detection.self_identification import ADVICE, LANGUAGES, Hint, HintKind, find

NAMES = ("Robin Ashe",)
K = HintKind
CORPUS: tuple[tuple[str, tuple[HintKind, ...]], ...] = (
    # what tells who wrote it, in English
    ("I am the only male nurse on nights.", (K.ONLY_ONE,)),
    ("As the only physiotherapist I saw every chart.", (K.ONLY_ONE,)),
    ("I'm one of only three people with the key.", (K.ONLY_ONE,)),
    ("I am one of two nurses who can prescribe.", (K.ONLY_ONE,)),
    ("Nobody but me has ever seen that ledger.", (K.ONLY_ONE,)),
    ("Only I was in the room when he said it.", (K.ONLY_ONE,)),
    ("There were only two of us on shift.", (K.ONLY_ONE,)),
    ("I was the first to report it in March.", (K.ONLY_ONE,)),
    ("My line manager told me to sign.", (K.OWN_MANAGER,)),
    ("I asked my supervisor about the forms.", (K.OWN_MANAGER,)),
    ("Somebody in my team changed the dates.", (K.OWN_MANAGER,)),
    ("My boss said it would be fine.", (K.OWN_MANAGER,)),
    ("My old ward was closed afterwards.", (K.OWN_MANAGER,)),
    ("As a social worker I had access to the file.", (K.OWN_ROLE,)),
    ("I work as a night porter in the east wing.", (K.OWN_ROLE,)),
    ("I am a pharmacist and saw the stock.", (K.OWN_ROLE,)),
    ("I was employed as the finance officer for schools.", (K.OWN_ROLE,)),
    ("In my role as deputy director of housing I signed it.", (K.OWN_ROLE,)),
    ("I have been a midwife for twenty years.", (K.OWN_ROLE,)),
    ("It happened while I was on maternity leave.", (K.OWN_ABSENCE,)),
    ("I was off sick from 3 March 2026 when it changed.", (K.OWN_ABSENCE,)),
    ("When I returned from annual leave the file was gone.", (K.OWN_ABSENCE,)),
    ("My secondment ended on 4 May.", (K.OWN_ABSENCE,)),
    ("I started in this post in 2019.", (K.OWN_ABSENCE,)),
    ("I resigned last week.", (K.OWN_ABSENCE,)),
    ("Write to me at robin.ashe@example.org please.", (K.EMAIL,)),
    ("My number is 07700 900123.", (K.TELEPHONE,)),
    ("My staff number is 104711.", (K.NUMBER,)),
    ("Employee no. E-1047 is on every page.", (K.NUMBER,)),
    ("My NMC pin 18A1234E is in the log.", (K.NUMBER,)),
    ("It was me, Robin, who wrote the entry.", (K.OWN_NAME,)),
    ("Everybody knows that Ashe complained before.", (K.OWN_NAME,)),
    ("My name is Jordan Lee and I saw it.", (K.OWN_NAME,)),
    ("I hope that you look into it.\nKind regards,\nJordan", (K.SIGNATURE,)),
    ("Please act. Regards, Sam", (K.SIGNATURE,)),
    ("Yours sincerely\nJordan Lee", (K.SIGNATURE,)),
    ("I'm the only nurse; my manager knows.", (K.ONLY_ONE, K.OWN_MANAGER)),
    ("I\u2019m the newest member of my team.", (K.ONLY_ONE, K.OWN_MANAGER)),
    # what people write too, and no pattern knows: it is counted as missed
    ("The others all went home, so that leaves me.", (K.ONLY_ONE,)),
    ("I do the payroll.", (K.OWN_ROLE,)),
    ("Since my operation I have worked from home.", (K.OWN_ABSENCE,)),
    # in Welsh
    ("Fi yw'r unig nyrs gwrywaidd ar y ward.", (K.ONLY_ONE,)),
    ("Dim ond fi oedd yn yr ystafell.", (K.ONLY_ONE,)),
    ("Un o'r ddwy sydd ag allwedd ydw i.", (K.ONLY_ONE,)),
    ("Dywedodd fy rheolwr llinell wrthyf am lofnodi.", (K.OWN_MANAGER,)),
    ("Newidiodd rhywun yn fy nhîm y dyddiadau.", (K.OWN_MANAGER,)),
    ("Rwy'n nyrs ers blynyddoedd.", (K.OWN_ROLE,)),
    ("Fel swyddog gwelais bob ffeil.", (K.OWN_ROLE,)),
    ("Roeddwn i ar wyliau pan ddigwyddodd.", (K.OWN_ABSENCE,)),
    ("Fy enw i yw Siân Evans.", (K.OWN_NAME,)),
    ("Gobeithio y gwnewch rywbeth.\nCofion gorau,\nSiân", (K.SIGNATURE,)),
    # what tells nothing of the writer
    ("The records were altered after the fact.", ()),
    ("Visits were entered in the record that nobody made.", ()),
    ("The manager of the home told the staff to sign.", ()),
    ("A nurse on nights saw that the drug chart was empty.", ()),
    ("The only lift was out of order for a month.", ()),
    ("They asked the supervisor about the forms.", ()),
    ("The team changed the dates in January 2026.", ()),
    ("The deputy director of housing signed it.", ()),
    ("He was on annual leave when it was changed.", ()),
    ("She started in 2019 and left soon after.", ()),
    ("As a result the patient fell.", ()),
    ("I am worried that it will happen again.", ()),
    ("I was told that nothing would be done.", ()),
    ("My concern is the safety of children.", ()),
    ("The budget was £104,711 in 2025.", ()),
    ("I am a little afraid that the manager will know.", ()),
    ("I was a bit late, and the nurse had gone.", ()),
    ("This is the rota of the ward.", ()),
    ("Thanks to the night staff nobody fell.", ()),
    ("Nobody was at the door.", ()),
    ("Thank you for reading this.", ()),
    ("We asked for the rota and got none.", ()),
    ("I have seen records of visits that nobody made.", ()),
    ("The first aider was not called.", ()),
    ("Newidiwyd y cofnodion wedyn.", ()),
    ("Dywedodd y rheolwr wrth y staff am lofnodi.", ()),
    ("Roedd y nyrs ar wyliau.", ()),
    ("Nid oedd neb wrth y drws.", ()),
)


def test_on_labelled_sentences_this_much_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    right: Counter[str] = Counter()
    missed: list[tuple[str, HintKind]] = []
    wrong: list[tuple[str, HintKind]] = []
    for text, expected in CORPUS:
        found = Counter(hint.kind for hint in find(text, NAMES))
        right.update(kind.value for kind in (found & Counter(expected)).elements())
        missed += [(text, kind) for kind in (Counter(expected) - found).elements()]
        wrong += [(text, kind) for kind in (found - Counter(expected)).elements()]
    total = right.total()
    with capsys.disabled():
        print(  # noqa: T201 what is measured is shown
            f"\nself-identification: precision {total / (total + len(wrong)):.3f}, recall {total / (total + len(missed)):.3f} "
            f"on {len(CORPUS)} sentences; missed {[kind.value for _, kind in missed]}, wrong {[kind.value for _, kind in wrong]}"
        )
    assert wrong == []
    assert [text for text, _ in missed] == [
        "The others all went home, so that leaves me.",
        "I do the payroll.",
        "Since my operation I have worked from home.",
    ]
    assert total == sum(len(expected) for _, expected in CORPUS) - 3 == 50


def test_a_hint_points_at_exactly_what_it_means() -> None:
    text = "Zoë saw it. I am the only nurse. Ask my line manager. 😀 Robin@example.org"
    assert [(text[one.start : one.end], one.kind) for one in find(text)] == [
        ("I am the only nurse", HintKind.ONLY_ONE),
        ("my line manager", HintKind.OWN_MANAGER),
        ("Robin@example.org", HintKind.EMAIL),
    ]


def test_an_absence_takes_its_day_with_it() -> None:
    text = "I was off sick on 3 March 2026. On 4 April it changed."
    [hint] = find(text)
    assert text[hint.start : hint.end] == "I was off sick on 3 March 2026"


def test_a_name_is_found_in_any_writing_and_not_within_other_words() -> None:
    text = "ROBIN ASHE wrote it; Róbin did; a robin sang; Washed ashes; Robin's desk."
    found = [text[one.start : one.end] for one in find(text, ["Robin Ashe"])]
    assert found == ["ROBIN ASHE", "Róbin", "Robin"]


@given(st.text(max_size=300), st.lists(st.text(max_size=30), max_size=3))
def test_whatever_is_written_hints_are_places_in_it_in_order_and_apart(text: str, names: list[str]) -> None:
    hints = find(text, names)
    assert all(0 <= hint.start < hint.end <= len(text) for hint in hints)
    assert all(one.end <= other.start for one, other in pairwise(hints))
    assert all(isinstance(hint, Hint) for hint in hints)


@given(
    st.lists(st.sampled_from([text for text, _ in CORPUS]), max_size=6),
    st.sampled_from(["I am the only nurse.", "My line manager knows.", "Call 07700 900123."]),
)
def test_what_stands_around_a_sentence_does_not_hide_it(around: list[str], sentence: str) -> None:
    text = "\n\n".join([*around, sentence])
    begins = len(text) - len(sentence)
    assert [hint for hint in find(text) if hint.start >= begins]


@pytest.mark.parametrize(
    "piece",
    ["a ", "I am ", "my ", "as a nurse ", "1", " ", "\n", "regards ", "I was off ", "x-", "a@b.", "I'm the only one "],
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    begun = time.process_time()
    find(text, ["Robin Ashe"])
    assert time.process_time() - begun < 5


def test_every_kind_has_advice_in_every_language() -> None:
    assert set(ADVICE) == set(HintKind)
    for kind in HintKind:
        words = {self_identification.advice(kind, language) for language in LANGUAGES}
        assert len(words) == len(LANGUAGES)
        assert all(one.endswith((".", "?")) for one in words)
