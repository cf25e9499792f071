package placement_test

import (
	"slices"
	"testing"

	"vsphere-ha/lab/vcenter/placement"
)

func host(id string) placement.Host {
	return placement.Host{ID: id, CPU: 1000, Memory: 1000, Datastores: placement.SetOf("d"), Networks: placement.SetOf("n")}
}

func vm(id string) placement.VM {
	return placement.VM{ID: id, CPU: 100, Memory: 100, Datastores: []string{"d"}, Networks: []string{"n"}}
}

func site(where map[string]string, rules ...placement.Rule) *placement.Site {
	return &placement.Site{Where: where, Rules: placement.NewRules(rules...)}
}

func TestHostTakesWhatItHasRoomAndConnectionsFor(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*placement.VM)
		lack   placement.Lack
	}{
		"fits":             {func(*placement.VM) {}, ""},
		"all that is left": {func(v *placement.VM) { v.CPU, v.Memory = 1000, 1000 }, ""},
		"too much CPU":     {func(v *placement.VM) { v.CPU = 1001 }, placement.LacksCPU},
		"too much memory":  {func(v *placement.VM) { v.Memory = 1001 }, placement.LacksMemory},
		"other datastore":  {func(v *placement.VM) { v.Datastores = []string{"d", "e"} }, placement.LacksDatastore},
		"other network":    {func(v *placement.VM) { v.Networks = []string{"m"} }, placement.LacksNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			v := vm("a")
			c.change(&v)
			got := site(nil).Judge(v, host("h"))
			if c.lack == "" && !got.Fits() || c.lack != "" && (len(got.Obstacles) != 1 || got.Obstacles[0].Lack != c.lack) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestRulesBindMachinesToEachOtherAndToHosts(t *testing.T) {
	where := map[string]string{"a": "h1", "b": "h2"}
	for _, c := range []struct {
		rule placement.Rule
		vm   string
		host string
		keep bool
	}{
		{placement.Rule{Kind: placement.Apart, VMs: []string{"a", "b"}}, "b", "h1", false},
		{placement.Rule{Kind: placement.Apart, VMs: []string{"a", "b"}}, "b", "h3", true},
		{placement.Rule{Kind: placement.Apart, VMs: []string{"a", "b"}}, "a", "h1", true}, // it may stay where it is
		{placement.Rule{Kind: placement.Apart, VMs: []string{"a", "b"}}, "c", "h1", true}, // the rule is not about c
		{placement.Rule{Kind: placement.Together, VMs: []string{"a", "b"}}, "b", "h1", true},
		{placement.Rule{Kind: placement.Together, VMs: []string{"a", "b"}}, "b", "h3", false},
		{placement.Rule{Kind: placement.Together, VMs: []string{"c", "d"}}, "c", "h3", true}, // d runs nowhere
		{placement.Rule{Kind: placement.On, VMs: []string{"a"}, Hosts: placement.SetOf("h2")}, "a", "h2", true},
		{placement.Rule{Kind: placement.On, VMs: []string{"a"}, Hosts: placement.SetOf("h2")}, "a", "h1", false},
		{placement.Rule{Kind: placement.Off, VMs: []string{"a"}, Hosts: placement.SetOf("h2")}, "a", "h2", false},
		{placement.Rule{Kind: placement.Off, VMs: []string{"a"}, Hosts: placement.SetOf("h2")}, "a", "h1", true},
	} {
		c.rule.Name = "r"
		preferred := site(where, c.rule).Judge(vm(c.vm), host(c.host))
		c.rule.Required = true
		required := site(where, c.rule).Judge(vm(c.vm), host(c.host))
		if !preferred.Fits() || slices.Contains(preferred.Broken, "r") == c.keep {
			t.Errorf("%s %v: %s on %s, preferred: %+v", c.rule.Kind, c.rule.VMs, c.vm, c.host, preferred)
		}
		if required.Fits() != c.keep || len(required.Broken) > 0 {
			t.Errorf("%s %v: %s on %s, required: %+v", c.rule.Kind, c.rule.VMs, c.vm, c.host, required)
		}
	}
}

func TestTakenRoomIsGoneAndTheMachineCountsForRules(t *testing.T) {
	s := site(map[string]string{}, placement.Rule{Name: "r", Kind: placement.Apart, VMs: []string{"a", "b"}, Required: true})
	h := host("h")
	s.Take(vm("a"), &h)
	if h.CPU != 900 || h.Memory != 900 {
		t.Errorf("%+v", h)
	}
	if got := s.Judge(vm("b"), h); got.Fits() || got.OnlyCapacity() {
		t.Errorf("%+v", got)
	}
}

func TestOnlyLackOfCapacityPasses(t *testing.T) {
	big := vm("a")
	big.Memory = 2000
	if got := site(nil).Judge(big, host("h")); got.Fits() || !got.OnlyCapacity() {
		t.Errorf("%+v", got)
	}
	big.Networks = []string{"m"}
	if got := site(nil).Judge(big, host("h")); got.OnlyCapacity() {
		t.Errorf("%+v", got)
	}
}
