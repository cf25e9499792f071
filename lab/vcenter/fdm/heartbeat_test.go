package fdm_test

import (
	"slices"
	"testing"

	"vsphere-ha/lab/vcenter/fdm"
)

func TestHeartbeatDatastoresServeEveryHostPreferredFirstThenTheWidest(t *testing.T) {
	all := []string{"a", "b", "c", "d"}
	for name, c := range map[string]struct {
		candidates []fdm.HeartbeatCandidate
		perHost    int
		want       []string
	}{
		"the widest": {[]fdm.HeartbeatCandidate{{ID: "half", Hosts: all[:2]}, {ID: "one", Hosts: all}, {ID: "two", Hosts: all}}, 2, []string{"one", "two"}},
		"preferred":  {[]fdm.HeartbeatCandidate{{ID: "half", Hosts: all[:2], Preferred: true}, {ID: "one", Hosts: all}, {ID: "two", Hosts: all}}, 2, []string{"half", "one", "two"}},
		"every host": {[]fdm.HeartbeatCandidate{{ID: "left", Hosts: all[:2]}, {ID: "left2", Hosts: all[:2]}, {ID: "left3", Hosts: all[:2]}, {ID: "right", Hosts: all[2:]}}, 2, []string{"left", "left2", "right"}},
		"more":       {[]fdm.HeartbeatCandidate{{ID: "one", Hosts: all}, {ID: "two", Hosts: all}, {ID: "three", Hosts: all}}, 3, []string{"one", "two", "three"}},
		"local":      {[]fdm.HeartbeatCandidate{{ID: "local", Hosts: all[:1], Preferred: true}}, 2, nil},
	} {
		var got []string
		for _, d := range fdm.ChooseHeartbeats(c.candidates, c.perHost) {
			got = append(got, d.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
}
