package access

import (
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

// Roles that vCenter has from the start (vSphere Security, "vCenter Server System Roles").
const (
	Admin    int32 = -1
	ReadOnly int32 = -2
	NoAccess int32 = -5
	// firstOwn is the identifier of the first role that somebody defines.
	firstOwn int32 = 100
)

// Book keeps roles and permissions.
type Book struct {
	mu          sync.Mutex
	roles       []types.AuthorizationRole
	permissions map[types.ManagedObjectReference][]types.Permission
}

// NewBook starts with the system's roles and no permission.
func NewBook(roles []types.AuthorizationRole) *Book {
	b := &Book{permissions: map[types.ManagedObjectReference][]types.Permission{}}
	for _, r := range roles {
		r.Privilege = slices.Clone(r.Privilege)
		if r.RoleId == Admin {
			r.Privilege = union(r.Privilege, Privileges())
		}
		b.roles = append(b.roles, r)
	}
	return b
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Canonical writes a user's name in one way: vCenter takes "user@domain" and "DOMAIN\user" for the same.
func Canonical(user string) string {
	if domain, name, ok := strings.Cut(user, `\`); ok {
		user = name + "@" + domain
	}
	return strings.ToLower(user)
}

// Roles lists them.
func (b *Book) Roles() []types.AuthorizationRole {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.roles)
}

// Privileges lists all there are: an administrator's.
func (b *Book) Privileges() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.roles[b.role(Admin)].Privilege)
}

func (b *Book) role(id int32) int {
	return slices.IndexFunc(b.roles, func(r types.AuthorizationRole) bool { return r.RoleId == id })
}

func (b *Book) known(privileges []string) bool {
	admin := b.roles[b.role(Admin)].Privilege
	return !slices.ContainsFunc(privileges, func(p string) bool { return !slices.Contains(admin, p) })
}

// AddRole defines a role; vCenter gives every role the privileges that looking needs.
func (b *Book) AddRole(name string, privileges []string) (int32, types.BaseMethodFault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if fault := b.checkRole(-100, name, privileges); fault != nil {
		return 0, fault
	}
	id := firstOwn
	for _, r := range b.roles {
		id = max(id, r.RoleId+1)
	}
	b.roles = append(b.roles, types.AuthorizationRole{
		RoleId: id, Name: name, Info: &types.Description{Label: name, Summary: name}, Privilege: union(privileges, []string{Anonymous, View, Read}),
	})
	return id, nil
}

// checkRole refuses names that another role has, and privileges that do not exist.
func (b *Book) checkRole(id int32, name string, privileges []string) types.BaseMethodFault {
	switch {
	case name == "":
		return &types.InvalidArgument{InvalidProperty: "name"}
	case slices.ContainsFunc(b.roles, func(r types.AuthorizationRole) bool { return r.Name == name && r.RoleId != id }):
		return &types.AlreadyExists{Name: name}
	case !b.known(privileges):
		return &types.InvalidArgument{InvalidProperty: "privIds"}
	}
	return nil
}

// UpdateRole changes a role that is not the system's.
func (b *Book) UpdateRole(id int32, name string, privileges []string) types.BaseMethodFault {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.role(id)
	if i < 0 {
		return &types.NotFound{}
	}
	if b.roles[i].System {
		return &types.InvalidArgument{InvalidProperty: "roleId"}
	}
	if fault := b.checkRole(id, name, privileges); fault != nil {
		return fault
	}
	b.roles[i].Name, b.roles[i].Privilege = name, union(privileges, []string{Anonymous, View, Read})
	return nil
}

// RemoveRole removes a role with its permissions, or refuses that while there are some.
func (b *Book) RemoveRole(id int32, failIfUsed bool) types.BaseMethodFault {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.role(id)
	if i < 0 {
		return &types.NotFound{}
	}
	if b.roles[i].System {
		return &types.InvalidArgument{InvalidProperty: "roleId"}
	}
	for ref, list := range b.permissions {
		kept := slices.DeleteFunc(slices.Clone(list), func(p types.Permission) bool { return p.RoleId == id })
		if len(kept) < len(list) && failIfUsed {
			return &types.RemoveFailed{}
		}
		b.permissions[ref] = kept
	}
	b.roles = slices.Delete(b.roles, i, i+1)
	return nil
}

// Permit sets permissions on an object: those of other principals stay.
func (b *Book) Permit(on types.ManagedObjectReference, list []types.Permission) types.BaseMethodFault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range list {
		if b.role(p.RoleId) < 0 {
			return &types.NotFound{}
		}
	}
	for _, p := range list {
		p.Entity = &on
		b.permissions[on] = append(b.others(on, p.Principal, p.Group), p)
	}
	return nil
}

func (b *Book) others(on types.ManagedObjectReference, principal string, group bool) []types.Permission {
	return slices.DeleteFunc(slices.Clone(b.permissions[on]), func(p types.Permission) bool {
		return p.Group == group && Canonical(p.Principal) == Canonical(principal)
	})
}

// Forbid takes a principal's permission on an object away; false where there is none.
func (b *Book) Forbid(on types.ManagedObjectReference, principal string, group bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.others(on, principal, group)
	found := len(left) < len(b.permissions[on])
	b.permissions[on] = left
	return found
}

// Permissions lists those on the objects, in their order; no object means all of them.
func (b *Book) Permissions(on ...types.ManagedObjectReference) []types.Permission {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []types.Permission
	for _, ref := range on {
		list = append(list, b.permissions[ref]...)
	}
	if len(on) == 0 {
		for _, p := range b.permissions {
			list = append(list, p...)
		}
	}
	return list
}

// Granted lists a user's privileges on an object, given with its ancestors, nearest first. The nearest permission of a
// user counts, those above it only where they propagate (vSphere Security, "Hierarchical Inheritance of Permissions").
func (b *Book) Granted(user string, path []types.ManagedObjectReference) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, ref := range path {
		for _, p := range b.permissions[ref] {
			if !p.Group && Canonical(p.Principal) == Canonical(user) && (i == 0 || p.Propagate) {
				if at := b.role(p.RoleId); at >= 0 {
					return b.roles[at].Privilege
				}
			}
		}
	}
	return nil
}
