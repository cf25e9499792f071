// Package access decides what users may do: which privileges a call asks for, and which ones roles and permissions grant.
package access

import (
	_ "embed"
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// Privileges that every role has but NoAccess, and that calls ask for that only read.
const (
	Anonymous = "System.Anonymous"
	View      = "System.View"
	Read      = "System.Read"
)

// unstated is asked for by methods that change something and state no privilege: administrators have it.
const unstated = "Global.VCServer"

// Need is a privilege on an object.
type Need struct {
	On        types.ManagedObjectReference
	Privilege string
}

//go:embed privileges.tsv
var table string

type method struct {
	privilege string
	arguments map[string]string // name of the argument: privilege on the object that it names
}

var methods = parse(table)

func parse(table string) map[string]method {
	list := map[string]method{}
	for row := range strings.Lines(table) {
		column := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		m := method{privilege: column[2], arguments: map[string]string{}}
		for pair := range strings.SplitSeq(column[3], ",") {
			if name, privilege, ok := strings.Cut(pair, "="); ok {
				m.arguments[name] = privilege
			}
		}
		list[column[0]+"."+column[1]] = m
	}
	return list
}

// Methods lists the methods of the API, as type and name.
func Methods() [][2]string {
	var list [][2]string
	for name := range methods {
		kind, method, _ := strings.Cut(name, ".")
		list = append(list, [2]string{kind, method})
	}
	slices.SortFunc(list, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return list
}

// Privileges lists every privilege that a method may ask for.
func Privileges() []string {
	all := map[string]bool{}
	for _, m := range methods {
		all[m.privilege] = true
		for _, p := range m.arguments {
			all[p] = true
		}
	}
	delete(all, "")
	var list []string
	for p := range all {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// Inventory is what the needs of some calls depend on.
type Inventory interface {
	// PoweredOn and Template tell of a virtual machine.
	PoweredOn(vm types.ManagedObjectReference) bool
	Template(vm types.ManagedObjectReference) bool
	// Parent is what an inventory object lies in.
	Parent(of types.ManagedObjectReference) (types.ManagedObjectReference, bool)
	// Find looks for a network or a datastore by its name.
	Find(kind, name string) (types.ManagedObjectReference, bool)
}

// Needs lists what a call asks for: the privilege of the method on its object, and those on objects that arguments name.
func Needs(this types.ManagedObjectReference, name string, body any, inventory Inventory) []Need {
	m, known := methods[this.Type+"."+name]
	var needs []Need
	for argument, privilege := range m.arguments {
		for _, ref := range argumentOf(body, argument) {
			needs = append(needs, Need{ref, privilege})
		}
	}
	switch {
	case m.privilege != "":
		needs = append(needs, Need{this, m.privilege})
	default:
		needs = append(needs, depending(this, name, body, inventory, known && len(m.arguments) > 0)...)
	}
	return append(needs, further(this, body, inventory)...)
}

func argumentOf(body any, name string) []types.ManagedObjectReference {
	v := reflect.Indirect(reflect.ValueOf(body))
	if v.Kind() != reflect.Struct || name == "" {
		return nil
	}
	field := v.FieldByName(strings.ToUpper(name[:1]) + name[1:])
	if !field.IsValid() {
		return nil
	}
	switch value := field.Interface().(type) {
	case types.ManagedObjectReference:
		return []types.ManagedObjectReference{value}
	case *types.ManagedObjectReference:
		if value != nil {
			return []types.ManagedObjectReference{*value}
		}
	case []types.ManagedObjectReference:
		return value
	}
	return nil
}
