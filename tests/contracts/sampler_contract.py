"""What every sampler keeps to; imported by the tests of each."""

from __future__ import annotations

import json

import numpy as np
import pytest
from worlds import chain, diamond, outcome

from flexiflow.errors import BadInput
from flexiflow.samplers import JobState


def every_configuration(graph):
    return {tuple(map(int, c)) for c in np.ndindex(*[len(n.choices) for n in graph.nodes])}


class SamplerContract:
    """Subclasses set ``make`` to a sampler's maker."""

    @staticmethod
    def make():
        raise NotImplementedError

    @pytest.mark.parametrize("graph", [chain(3), chain(2, 3), chain(2, 1, 2, rerolls=1), diamond()])
    def test_it_proposes_each_configuration_once_and_then_nothing(self, graph):
        sampler, state = self.make(), JobState(graph, seed=7)
        every = tuple(range(len(graph.nodes)))
        seen = []
        while (decision := sampler.propose([state])[0]) is not None:
            seen.append(decision.configuration)
            state.present = decision.configuration
            state.exclude(every, decision.configuration)
            assert len(seen) <= graph.size
        assert len(seen) == graph.size
        assert set(seen) == every_configuration(graph)

    def test_it_keeps_to_what_is_excluded_fixed_and_barred(self):
        sampler, graph = self.make(), chain(3, 3)
        for seed in range(30):
            state = JobState(graph, seed)
            state.exclude((0,), (0,))
            state.exclude((0, 1), (1, 1))
            state.fixed[1] = 1
            state.barred.add((0, 2))
            # Only (2, 1) is left, although it is barred.
            assert sampler.propose([state])[0].configuration == (2, 1)
            state.exclude((0, 1), (2, 1))
            assert sampler.propose([state])[0] is None

    def test_a_barred_choice_waits_for_the_others(self):
        sampler, graph = self.make(), chain(4)
        for seed in range(20):
            state, seen = JobState(graph, seed), []
            state.barred.add((0, 0))
            while (decision := sampler.propose([state])[0]) is not None:
                seen.append(decision.configuration[0])
                state.exclude((0,), decision.configuration)
            assert seen[-1] == 0
            assert sorted(seen) == [0, 1, 2, 3]

    def test_the_same_seed_gives_the_same_decisions(self):
        def decisions(sampler):
            graph, found = chain(3, 3, 2), []
            for seed in range(40):
                decision = sampler.propose([JobState(graph, seed)])[0]
                found.append((decision.configuration, decision.explain()))
                sampler.update([outcome(graph, decision.configuration, passed=seed % 3 == 0)])
            return found

        assert decisions(self.make()) == decisions(self.make())

    def test_a_batch_gives_one_decision_a_job(self):
        sampler, graph = self.make(), chain(2, 2)
        states = [JobState(graph, seed) for seed in range(5)]
        for v, k in enumerate(states[3].graph.nodes):
            assert v < 2
            assert k.choices
        for c in every_configuration(graph):
            states[3].exclude((0, 1), c)
        found = sampler.propose(states)
        assert [d is None for d in found] == [False, False, False, True, False]
        assert sampler.propose([]) == []

    def test_explanations_are_probabilities_over_what_was_left(self):
        sampler, graph = self.make(), chain(2, 3)
        for seed in range(10):
            state = JobState(graph, seed)
            while (decision := sampler.propose([state])[0]) is not None:
                told = decision.explain()
                assert 0 < told.path_propensity <= 1
                for node in range(len(decision.configuration)):
                    assert told.path_propensity <= told.propensity[node] + 1e-12 <= 1 + 1e-9
                    assert sorted(told.orders[node]) == list(range(len(graph.nodes[node].choices)))
                state.present = decision.configuration
                state.exclude((0, 1), decision.configuration)

    def test_a_large_workflow_is_searched_to_its_end(self):
        sampler, graph = self.make(), chain(*[6] * 8)  # 1.7 million configurations
        state = JobState(graph, seed=3)
        first = sampler.propose([state])[0]
        assert len(first.configuration) == 8
        assert 0 < first.explain().path_propensity <= 1
        for v in range(8):
            for k in range(6):
                if k != 4:
                    state.exclude((v,), (k,))
        state.exclude(tuple(range(8)), (4,) * 7 + (5,))
        assert sampler.propose([state])[0].configuration == (4,) * 8
        state.exclude(tuple(range(8)), (4,) * 8)
        assert sampler.propose([state])[0] is None

    def test_its_state_goes_through_json_and_restores_its_choices(self):
        sampler, graph = self.make(), chain(3, 2)
        for k in range(30):
            sampler.update([outcome(graph, (k % 3, k % 2), passed=k % 3 == 1)])
        again = self.make()
        state = json.loads(json.dumps(sampler.state))
        if state:
            again.state = state
        for seed in range(20):
            ours, theirs = (s.propose([JobState(graph, seed)])[0] for s in (sampler, again))
            assert ours.configuration == theirs.configuration
            assert ours.explain() == theirs.explain()

    @pytest.mark.parametrize("bad", [{"x": 1}, {"evidence": "many"}])
    def test_a_state_of_something_else_is_refused(self, bad):
        with pytest.raises(BadInput):
            self.make().state = bad

    def test_jobs_that_teach_nothing_change_nothing(self):
        sampler, graph = self.make(), chain(2)
        before = json.dumps(sampler.state)
        sampler.update([outcome(graph, (0,), passed=False, teaches=False)])
        assert json.dumps(sampler.state) == before
