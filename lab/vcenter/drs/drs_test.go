package drs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"vsphere-ha/lab/vcenter/drs"
	"vsphere-ha/lab/vcenter/placement"
)

// cluster has hosts h1…hn of 1000 MB and machines placed as given: "a" on "h1" and so on, of 100 MB each.
func cluster(hosts int, where map[string]string, rules ...placement.Rule) *drs.Cluster {
	c := &drs.Cluster{Rules: rules, Where: where}
	for i := range hosts {
		c.Hosts = append(c.Hosts, drs.Host{
			Host:     placement.Host{ID: fmt.Sprintf("h%d", i+1), CPU: 10_000, Memory: 1000, Datastores: placement.SetOf("nfs"), Networks: placement.SetOf("lan")},
			MemoryMB: 1000, Open: true,
		})
	}
	for _, id := range slices.Sorted(maps.Keys(where)) {
		c.Machines = append(c.Machines, drs.Machine{VM: machine(id).VM, Host: where[id], MemoryMB: 100, Level: drs.Fully})
		for i := range c.Hosts {
			if h := &c.Hosts[i]; h.ID == where[id] {
				h.Used, h.Machines, h.Memory, h.CPU = h.Used+100, h.Machines+1, h.Memory-100, h.CPU-100
			}
		}
	}
	return c
}

func machine(id string) drs.Machine {
	return drs.Machine{MemoryMB: 100, Level: drs.Fully, VM: placement.VM{ID: id, CPU: 100, Memory: 100, Datastores: []string{"nfs"}, Networks: []string{"lan"}}}
}

func rule(name string, kind placement.Kind, required bool, hosts string, vms ...string) placement.Rule {
	r := placement.Rule{Name: name, Kind: kind, VMs: vms, Required: required}
	if hosts != "" {
		r.Hosts = placement.SetOf(hosts)
	}
	return r
}

func said(moves []drs.Move) []string {
	var list []string
	for _, m := range moves {
		list = append(list, fmt.Sprintf("%s %s>%s %s", m.Machine.ID, m.From, m.To, m.Reason))
	}
	return list
}

func TestPlanKeepsRulesAndEmptiesLeavingHosts(t *testing.T) {
	leaving := func(c *drs.Cluster) *drs.Cluster { c.Hosts[0].Leaving = true; return c }
	alone := func(c *drs.Cluster) *drs.Cluster { c.Machines[0].Level = drs.Disabled; return c }
	for name, c := range map[string]struct {
		in    *drs.Cluster
		want  []string
		stuck []string
	}{
		"nothing to do":                        {cluster(2, map[string]string{"a": "h1", "b": "h1"}), nil, nil},
		"anti-affinity":                        {cluster(2, map[string]string{"a": "h1", "b": "h1"}, rule("r", placement.Apart, false, "", "a", "b")), []string{"a h1>h2 antiAffin"}, nil},
		"more machines than hosts":             {cluster(2, map[string]string{"a": "h1", "b": "h1", "c": "h2"}, rule("r", placement.Apart, false, "", "a", "b", "c")), nil, nil},
		"and they must be apart":               {cluster(2, map[string]string{"a": "h1", "b": "h1", "c": "h2"}, rule("r", placement.Apart, true, "", "a", "b", "c")), nil, []string{"a antiAffin", "b antiAffin"}},
		"affinity":                             {cluster(3, map[string]string{"a": "h1", "b": "h2", "c": "h2"}, rule("r", placement.Together, false, "", "a", "b", "c")), []string{"a h1>h2 jointAffin"}, nil},
		"affinity of three":                    {cluster(3, map[string]string{"a": "h1", "b": "h2", "c": "h3"}, rule("r", placement.Together, true, "", "a", "b", "c")), []string{"b h2>h1 jointAffin", "c h3>h1 jointAffin"}, nil},
		"must run on hosts":                    {cluster(3, map[string]string{"a": "h1"}, rule("r", placement.On, true, "h3", "a")), []string{"a h1>h3 vmHostHardAffinity"}, nil},
		"should not run on a host":             {cluster(2, map[string]string{"a": "h1"}, rule("r", placement.Off, false, "h1", "a")), []string{"a h1>h2 vmHostSoftAffinity"}, nil},
		"a machine DRS leaves alone":           {alone(cluster(2, map[string]string{"a": "h1", "b": "h1"}, rule("r", placement.Apart, false, "", "a", "b"))), []string{"b h1>h2 antiAffin"}, nil},
		"maintenance":                          {leaving(cluster(3, map[string]string{"a": "h1", "b": "h2"})), []string{"a h1>h3 hostMaint"}, nil},
		"maintenance against a mandatory rule": {leaving(cluster(2, map[string]string{"a": "h1", "b": "h2"}, rule("r", placement.Apart, true, "", "a", "b"))), nil, []string{"a hostMaint"}},
		"maintenance against a preference":     {leaving(cluster(2, map[string]string{"a": "h1", "b": "h2"}, rule("r", placement.Apart, false, "", "a", "b"))), []string{"a h1>h2 hostMaint"}, nil},
		"rules that contradict each other": {cluster(2, map[string]string{"a": "h1", "b": "h1"},
			rule("apart", placement.Apart, false, "", "a", "b"), rule("together", placement.Together, false, "", "a", "b")), nil, nil},
		"a preference never breaks what must be": {cluster(2, map[string]string{"a": "h1"},
			rule("must", placement.On, true, "h1", "a"), rule("should", placement.On, false, "h2", "a")), nil, nil},
	} {
		moves, stuck := c.in.Plan()
		if got := said(moves); !slices.Equal(got, c.want) {
			t.Errorf("%s: moves %v, not %v", name, got, c.want)
		}
		var lost []string
		for _, s := range stuck {
			lost = append(lost, fmt.Sprintf("%s %s", s.Machine.ID, s.Reason))
		}
		if !slices.Equal(lost, c.stuck) {
			t.Errorf("%s: stuck %v, not %v", name, lost, c.stuck)
		}
	}
}

func TestPlanLeavesNoRoomUnfilledNorOverfilled(t *testing.T) {
	c := cluster(2, map[string]string{"a": "h1", "b": "h1"}, rule("r", placement.Apart, true, "", "a", "b"))
	c.Hosts[1].Memory = 50
	moves, stuck := c.Plan()
	if len(moves) > 0 || len(stuck) == 0 || stuck[0].Why["h2"].Obstacles[0].Lack != placement.LacksMemory {
		t.Errorf("moves %v, stuck %+v", said(moves), stuck)
	}
}

func TestCandidatesAreTheLeastLoadedHostsThatFit(t *testing.T) {
	c := cluster(4, map[string]string{"a": "h1", "b": "h1", "c": "h2"}, rule("r", placement.Apart, false, "", "c", "new"))
	c.Hosts[3].Datastores = nil
	list, why := c.Candidates(machine("new"))
	var order []string
	for _, x := range list {
		order = append(order, x.Host.ID)
	}
	if !slices.Equal(order, []string{"h3", "h1", "h2"}) {
		t.Errorf("order %v", order)
	}
	if v := why["h4"]; len(v.Obstacles) != 1 || v.Obstacles[0].Lack != placement.LacksDatastore {
		t.Errorf("h4: %+v", v)
	}
}

// Whatever the cluster: a plan moves a machine once, to an open host that has room for it, never breaks more mandatory rules
// than there were, and plans come to an end: machines do not go to and fro for ever.
func TestPlansAreSoundOverRandomClusters(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		where := map[string]string{}
		hosts := 2 + random.IntN(4)
		for i := range 1 + random.IntN(8) {
			where[string(rune('a'+i))] = fmt.Sprintf("h%d", 1+random.IntN(hosts))
		}
		ids := slices.Sorted(maps.Keys(where))
		var rules []placement.Rule
		for i := range random.IntN(4) {
			kind := []placement.Kind{placement.Apart, placement.Together, placement.On, placement.Off}[random.IntN(4)]
			host := ""
			if kind == placement.On || kind == placement.Off {
				host = fmt.Sprintf("h%d", 1+random.IntN(hosts))
			}
			random.Shuffle(len(ids), func(a, b int) { ids[a], ids[b] = ids[b], ids[a] })
			rules = append(rules, rule(fmt.Sprintf("r%d", i), kind, random.IntN(2) == 0, host, ids[:1+random.IntN(min(3, len(ids)))]...))
		}
		c := cluster(hosts, where, rules...)
		c.Hosts[0].Leaving = random.IntN(3) == 0
		before := mandatoryBroken(c)
		moves, _ := c.Plan()
		seen := map[string]bool{}
		for _, m := range moves {
			if seen[m.Machine.ID] || m.To == "h1" && c.Hosts[0].Leaving || m.From == m.To {
				t.Fatalf("seed %d: moves %v", seed, said(moves))
			}
			seen[m.Machine.ID] = true
		}
		for _, h := range c.Hosts {
			if h.Memory < 0 || h.CPU < 0 {
				t.Fatalf("seed %d: %s is overfilled", seed, h.ID)
			}
		}
		if after := mandatoryBroken(c); after > before {
			t.Fatalf("seed %d: %d mandatory rules broken before, %d after %v", seed, before, after, said(moves))
		}
		for range 10 {
			for i := range c.Machines {
				c.Machines[i].Host = c.Where[c.Machines[i].ID]
			}
			moves, _ = c.Plan()
		}
		if len(moves) > 0 {
			t.Fatalf("seed %d: rules %+v, moves without end: %v", seed, rules, said(moves))
		}
	}
}

func mandatoryBroken(c *drs.Cluster) int {
	n := 0
	for i := range c.Rules {
		if c.Rules[i].Required && !drs.Kept(&c.Rules[i], c.Where) {
			n++
		}
	}
	return n
}
