package vc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// setOption changes an advanced setting of a host.
func (s *site) setOption(host int, key string, value any) error {
	m, err := s.hosts[host].ConfigManager().OptionManager(s.Ctx())
	s.Must(err)
	return m.Update(s.Ctx(), []types.BaseOptionValue{&types.OptionValue{Key: key, Value: value}})
}

// optionsOf reads the settings about APD as a part of the host's configuration.
func (s *site) optionsOf(host *object.HostSystem) string {
	s.T.Helper()
	text := ""
	for _, key := range []string{"Misc.APDHandlingEnable", "Misc.APDTimeout", "Misc.NoSuchOption"} {
		path := fmt.Sprintf("config.option[%q]", key)
		var content []types.ObjectContent
		s.Must(property.DefaultCollector(s.Client.Client).Retrieve(s.Ctx(), []types.ManagedObjectReference{host.Reference()}, []string{path}, &content))
		for _, p := range content[0].PropSet {
			if p.Name != path {
				s.T.Errorf("%s is called %s", path, p.Name)
			}
			text += fmt.Sprintf("%v ", p.Val.(types.OptionValue).Value)
		}
		if len(content[0].MissingSet) > 0 {
			s.T.Errorf("%s: %+v", path, content[0].MissingSet)
		}
	}
	return text
}

func TestHostsHandleAPDByTheirAdvancedSettings(t *testing.T) {
	s := newSite(t, 60, 2)
	if got := s.optionsOf(s.hosts[0]); got != "1 140 " {
		t.Errorf("%s", got)
	}
	for _, value := range []any{int32(60), "60", int64(19), int64(1000000)} {
		if err := s.setOption(0, "Misc.APDTimeout", value); !failsWith(err, "InvalidArgument") {
			t.Errorf("%v (%T): %v", value, value, err)
		}
	}
	if err := s.setOption(0, "Misc.NoSuchOption", int64(1)); !failsWith(err, "InvalidName") {
		t.Errorf("an unknown setting: %v", err)
	}
	s.Must(s.setOption(0, "Misc.APDTimeout", int64(60)))
	s.Must(s.setOption(0, "Misc.APDHandlingEnable", int64(0)))
	if got, other := s.optionsOf(s.hosts[0]), s.optionsOf(s.hosts[1]); got != "0 60 " || other != "1 140 " {
		t.Errorf("%s; the other host: %s", got, other)
	}
	var h mo.HostSystem
	s.Must(s.hosts[0].Properties(s.Ctx(), s.hosts[0].Reference(), []string{"config.option"}, &h))
	if len(h.Config.Option) < 3 {
		t.Errorf("%d options", len(h.Config.Option))
	}
}

func TestAPDTimesOutWhenTheHostsSettingSays(t *testing.T) {
	s, vm, host := vmfsSite(t, 40, components("restartConservative", "restartAggressive"))
	s.Must(s.setOption(host, "Misc.APDTimeout", int64(60)))
	s.OnHost(host, allPathsOff)
	start := s.firstEvent("esx.problem.storage.apd.start")
	for kind, want := range map[string]float64{"esx.problem.storage.apd.timeout": 60, detected: 60, terminating: 120} {
		if after := s.labSeconds(start, s.firstEvent(kind)); after < want-late || after > want+50 {
			t.Errorf("%s after %.1f s, expected %.0f", kind, after, want)
		}
	}
	s.Until("the machine runs elsewhere", func() bool { return s.HostOf(vm) != s.hosts[host].Reference() })
}

func TestHostThatDoesNotHandleAPDRetriesWithoutEnd(t *testing.T) {
	s, vm, host := vmfsSite(t, 100, components("restartAggressive", "restartAggressive"))
	s.Must(s.setOption(host, "Misc.APDHandlingEnable", int64(0)))
	s.OnHost(host, allPathsOff)
	lost := time.Now()
	s.Until("component protection would have acted twice", func() bool { return s.labSeconds(lost, time.Now()) > 400 })
	if here, _, _ := s.access("ha-vmfs", host); here {
		t.Error("the datastore should be lost")
	}
	for _, kind := range []string{"esx.problem.storage.apd.start", "esx.problem.storage.apd.timeout", detected, terminating} {
		if n := len(s.Events(kind)); n > 0 {
			t.Errorf("%d times %s", n, kind)
		}
	}
	if s.HostOf(vm) != s.hosts[host].Reference() {
		t.Error("the machine should stay")
	}
}
