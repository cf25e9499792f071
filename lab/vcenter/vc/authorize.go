package vc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/access"
	"vsphere-ha/lab/vcenter/config"
)

// newBook gives the configured users their roles on the root folder. The error lists every privilege that does not exist.
func newBook(cfg *config.Config, root types.ManagedObjectReference) (*access.Book, error) {
	b := access.NewBook(esx.RoleList)
	known := b.Privileges()
	var problems []string
	permit := func(user string, role int32) {
		if f := b.Permit(root, []types.Permission{{Principal: user, RoleId: role, Propagate: true}}); f != nil {
			problems = append(problems, fmt.Sprintf("user %s: %s", user, describeFault(f)))
		}
	}
	permit(cfg.User, access.Admin)
	for i, u := range cfg.Users {
		for j, p := range u.Privileges {
			if !slices.Contains(known, p) {
				problems = append(problems, fmt.Sprintf("users[%d].privileges[%d]: %q is no privilege of vSphere", i, j, p))
			}
		}
		role := map[string]int32{"Admin": access.Admin, "ReadOnly": access.ReadOnly, "NoAccess": access.NoAccess}[u.Role]
		if u.Role == "" && problems == nil {
			role, _ = b.AddRole(u.Name, u.Privileges)
		}
		permit(u.Name, role)
	}
	if problems != nil {
		return nil, errors.New(strings.Join(problems, "; "))
	}
	return b, nil
}

// validLogin checks a password; vCenter takes a user's name in any case.
func (s *Sim) validLogin(user, password string) bool {
	for _, u := range append([]config.User{{Name: s.cfg.User, Password: s.cfg.Password}}, s.cfg.Users...) {
		if access.Canonical(u.Name) == access.Canonical(user) {
			return password != "" && password == u.Password
		}
	}
	return false
}

// authorize refuses a call whose user lacks a privilege that it asks for. The lab's own calls come without a user.
func (s *Sim) authorize(ctx *simulator.Context, m *simulator.Method) types.BaseMethodFault {
	if login, ok := m.Body.(*types.Login); ok && s.validLogin(login.UserName, login.Password) && !s.mayLook(login.UserName) {
		return noPermission(vim25.ServiceInstance, access.View)
	}
	if ctx.Session == nil || ctx.Session.UserName == "" || s.administers(ctx.Session.UserName) {
		return nil
	}
	this := m.This
	if strings.HasPrefix(this.Value, "session[") || m.Name == "Fetch" {
		return nil // what a session has made is its own
	}
	if o := ctx.Map.Get(this); o != nil {
		this.Type = mo.Reference(o).Reference().Type
	}
	for _, need := range access.Needs(this, m.Name, m.Body, s) {
		if !s.grants(ctx, ctx.Session.UserName, need) {
			return noPermission(need.On, need.Privilege)
		}
	}
	return nil
}

func noPermission(on types.ManagedObjectReference, privilege string) types.BaseMethodFault {
	return &types.NoPermission{Object: &on, PrivilegeId: privilege, MissingPrivileges: []types.NoPermissionEntityPrivileges{
		{Entity: on, PrivilegeIds: []string{privilege}},
	}}
}

// administers spares the lab's administrator, and everybody who waits for it, the look-up.
func (s *Sim) administers(user string) bool {
	return access.Canonical(user) == access.Canonical(s.cfg.User)
}

// mayLook tells whether a user has any permission at all: others cannot log in.
func (s *Sim) mayLook(user string) bool {
	for _, p := range s.book.Permissions() {
		if access.Canonical(p.Principal) == access.Canonical(user) && p.RoleId != access.NoAccess {
			return true
		}
	}
	return false
}

func (s *Sim) grants(ctx *simulator.Context, user string, need access.Need) bool {
	path := s.ancestry(ctx, need.On)
	if access.Reads(need.Privilege) && len(path) == 1 && need.On != path[0] {
		return s.mayLook(user) // managers and the like may be seen by everybody who may log in
	}
	return slices.Contains(s.book.Granted(user, path), need.Privilege)
}

// ancestry lists an inventory object and what it lies in, up to the root folder. For any other object it is the root folder
// alone: the lab does not follow a host's managers to their host.
func (s *Sim) ancestry(ctx *simulator.Context, ref types.ManagedObjectReference) []types.ManagedObjectReference {
	var path []types.ManagedObjectReference
	for next := &ref; next != nil; {
		obj, ok := ctx.Map.Get(*next).(mo.Entity)
		if !ok {
			break
		}
		path = append(path, *next)
		own := s.context()
		own.WithLock(obj, func() { next = obj.Entity().Parent })
	}
	if len(path) == 0 {
		return []types.ManagedObjectReference{s.client.ServiceContent.RootFolder}
	}
	return path
}

// Parent is what an inventory object lies in.
func (s *Sim) Parent(of types.ManagedObjectReference) (types.ManagedObjectReference, bool) {
	if path := s.ancestry(s.context(), of); len(path) > 1 {
		return path[1], true
	}
	return types.ManagedObjectReference{}, false
}

// Find looks for a network or a datastore by its name: the first one, where two datacenters have one each.
func (s *Sim) Find(kind, name string) (types.ManagedObjectReference, bool) {
	ctx := s.context()
	for _, e := range ctx.Map.All(kind) {
		found := ""
		ctx.WithLock(e, func() { found = e.Entity().Name })
		if found == name {
			return e.Reference(), true
		}
	}
	return types.ManagedObjectReference{}, false
}

// PoweredOn tells whether a virtual machine runs.
func (s *Sim) PoweredOn(vm types.ManagedObjectReference) bool { m, _ := s.machine(vm); return m.on }

// Template tells whether a virtual machine is a template.
func (s *Sim) Template(vm types.ManagedObjectReference) bool {
	m, _ := s.machine(vm)
	return m.template
}
