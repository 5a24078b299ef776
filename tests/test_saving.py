"""What was learned as a file: there and back, and what is refused."""

import json

import pytest
from cells import cell
from gates import LONGEST, Gate

from flexiflow import KLUCB, BadInput, Fixed, Hybrid, MemoryStore, Thompson

SWITCHING = "f(x)\none = (bad | good)(x)\nassert one == 'good'\ncontext(x)"
MODELS = {"bad": lambda x: "bad", "good": lambda x: "good"}


def learned(sampler, jobs=40, **options):
    it = cell(SWITCHING, MODELS, sampler=sampler, **options)
    it.run([{"x": k} for k in range(jobs)], seed=1, clock=lambda *_: 0.5)
    return it


@pytest.mark.parametrize("kind", [Hybrid, Thompson, KLUCB, Fixed])
def test_what_was_learned_comes_back_to_the_bit_and_decides_the_same(tmp_path, kind):
    it = learned(kind())
    path = it.save(tmp_path / "beliefs.json")
    assert [p.name for p in tmp_path.iterdir()] == ["beliefs.json"]
    other = cell(SWITCHING, MODELS, sampler=kind())
    before = it.sampler.state
    other.load(str(path))
    it.load(path)  # so that both draw anew
    assert before == it.sampler.state
    assert other.sampler.state == it.sampler.state
    jobs = [{"x": k} for k in range(10)]
    same = [w.run(jobs, seed=3, clock=lambda *_: 0.5).attempts for w in (it, other)]
    drop = ("job_id", "seq")
    assert same[0].drop(drop).equals(same[1].drop(drop))


def test_after_loading_only_the_file_is_believed_and_later_starts_go_on_from_it(tmp_path):
    path = learned(Thompson(), 40).save(tmp_path / "beliefs.json")
    store = MemoryStore()
    it = learned(Thompson(), 7, store=store)
    wanted = json.loads(path.read_text("utf-8"))["state"]
    it.load(path)
    assert it.sampler.state == wanted
    again = cell(SWITCHING, MODELS, sampler=Thompson(), store=store)
    again.run([])
    assert again.sampler.state == wanted
    again.run([{"x": 1}])
    assert again.sampler.evidence > wanted["evidence"]
    third = cell(SWITCHING, MODELS, sampler=Thompson(), store=store)
    third.run([])
    assert third.sampler.state == again.sampler.state
    assert len(third.log()) == 8


def test_saving_knows_what_other_kernels_have_written(tmp_path):
    store = MemoryStore()
    learned(Thompson(), store=store)
    fresh = cell(SWITCHING, MODELS, sampler=Thompson(), store=store)
    state = json.loads(fresh.save(tmp_path / "b.json").read_text("utf-8"))["state"]
    assert state["evidence"] > 40


def test_loading_in_the_middle_of_a_run_holds_from_the_next_job_on(tmp_path):
    path = learned(Thompson(), 40).save(tmp_path / "beliefs.json")
    evidence = json.loads(path.read_text("utf-8"))["state"]["evidence"]
    gate = Gate()
    it = cell(SWITCHING, {**MODELS, "bad": lambda x: gate(x) and "bad"}, sampler=Thompson())
    it.pin("one", "bad")
    run = it.run([{"x": 1}, {"x": 1}], wait=False)
    gate.next()
    it.load(path)
    assert it.sampler.evidence == evidence
    gate.open(2)
    run.wait(LONGEST)
    assert it.sampler.evidence == evidence + 2 * 2


def changed(path, change):
    content = json.loads(path.read_text("utf-8"))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.read_text("utf-8")[:-40], "is damaged: it is not JSON"),
        (lambda p: "", "it is not JSON"),
        (lambda p: "[1, 2]", "it does not say 'flexiflow beliefs 1'"),
        (lambda p: changed(p, lambda c: c.pop("format")), "it does not say"),
        (lambda p: changed(p, lambda c: c.pop("checksum")), "its checksum is not that"),
        (lambda p: changed(p, lambda c: c["state"].update(evidence=5)), "its checksum is not that"),
        (lambda p: changed(p, lambda c: c.update(workflow="g")), "its checksum is not that"),
    ],
)
def test_a_damaged_file_is_refused_and_changes_nothing(tmp_path, damage, message):
    it = learned(Thompson())
    path = it.save(tmp_path / "beliefs.json")
    path.write_text(damage(path), "utf-8")
    it.run([{"x": 1}])
    before = it.sampler.state
    with pytest.raises(BadInput, match=message):
        it.load(path)
    assert it.sampler.state == before


def test_what_belongs_to_something_else_is_refused(tmp_path):
    path = learned(Thompson()).save(tmp_path / "beliefs.json")
    other = cell(SWITCHING.replace("f(", "g(", 1), MODELS, sampler=Thompson())
    with pytest.raises(BadInput, match=r"with the workflow 'f'\. This one has the workflow 'g'"):
        other.load(path)
    hybrid = learned(Hybrid())
    before = hybrid.sampler.state
    with pytest.raises(BadInput, match="with the sampler 'Thompson'"):
        hybrid.load(path)
    assert hybrid.sampler.state == before
    with pytest.raises(BadInput, match="cannot be read"):
        hybrid.load(tmp_path / "nowhere.json")
    with pytest.raises(BadInput, match="cannot be written"):
        hybrid.save(tmp_path / "no folder" / "b.json")
    with pytest.raises(BadInput, match="cannot be written"):
        hybrid.save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["beliefs.json"]


class Odd(Fixed):
    """A sampler of a user's own."""

    kept: object = ("a",)

    @property
    def state(self):
        return {"kept": self.kept}

    @state.setter
    def state(self, state):
        self.kept = state["kept"]
        self.kept[0].upper()  # raises what it raises after half of it was changed


def test_a_sampler_of_the_users_own_is_saved_if_plain_and_not_changed_by_halves(tmp_path):
    it = cell(SWITCHING, MODELS, sampler=Odd())
    it.sampler.kept = {1, 2}
    with pytest.raises(BadInput, match="The state of Odd cannot be saved"):
        it.save(tmp_path / "b.json")
    it.sampler.kept = [3]
    path = it.save(tmp_path / "b.json")
    it.sampler.kept = ["before"]
    with pytest.raises(BadInput, match="This is not what a Odd has learned: AttributeError"):
        it.load(path)
    assert it.sampler.kept == ["before"]
