package vc

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/pbm"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vsan"
)

// Post lets tests outside the package post what only the simulation posts.
var Post = (*Sim).post

// ObjectOf finds an object of a type in any of the services; nil where there is none.
func (s *Sim) ObjectOf(kind string) mo.Reference {
	for _, path := range []string{vim25.Path, pbm.Path, vsan.Path} {
		if all := s.context().For(path).Map.AllReference(kind); len(all) > 0 {
			return all[0]
		}
	}
	return nil
}

// Implements tells whether a call of an object would be carried out by somebody: as the simulator looks it up.
func (s *Sim) Implements(obj mo.Reference, method string) bool {
	if pc, ok := obj.(*simulator.PropertyCollector); ok {
		obj = &propertyCollector{pc, s}
	} else if own := s.wrap(obj); own != nil {
		obj = own
	}
	if obj.Reference() == s.profiles.Reference() {
		obj = s.profiles
	}
	name := strings.ToUpper(method[:1]) + strings.Replace(method[1:], "_Task", "Task", 1)
	return method == "MoveIntoResourcePool" || reflect.ValueOf(obj).MethodByName(name).IsValid()
}
