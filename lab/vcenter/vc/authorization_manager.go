package vc

import (
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/access"
)

// authorizationManager keeps roles and permissions that count; the simulator's own grants everybody everything.
type authorizationManager struct {
	*simulator.AuthorizationManager
	s *Sim
}

func fault(f types.BaseMethodFault) *soap.Fault {
	if f == nil {
		return nil
	}
	return simulator.Fault("", f)
}

// showRoles puts the roles and privileges of the lab in the place of the simulator's.
func (s *Sim) showRoles() {
	ctx := s.context()
	m, ok := ctx.Map.Get(*s.client.ServiceContent.AuthorizationManager).(*simulator.AuthorizationManager)
	if !ok {
		return
	}
	for _, p := range s.book.Privileges() {
		at := strings.LastIndex(p, ".")
		m.PrivilegeList = append(m.PrivilegeList, types.AuthorizationPrivilege{PrivId: p, Name: p[at+1:], PrivGroupName: p[:at]})
	}
	(&authorizationManager{m, s}).publish(ctx)
}

// publish shows the roles in the manager's property.
func (a *authorizationManager) publish(ctx *simulator.Context) {
	ctx.WithLock(a.AuthorizationManager, func() {
		ctx.Update(a.AuthorizationManager, []types.PropertyChange{{Name: "roleList", Val: a.s.book.Roles()}})
	})
}

func (a *authorizationManager) AddAuthorizationRole(ctx *simulator.Context, r *types.AddAuthorizationRole) soap.HasFault {
	id, f := a.s.book.AddRole(r.Name, r.PrivIds)
	if f != nil {
		return &methods.AddAuthorizationRoleBody{Fault_: fault(f)}
	}
	a.publish(ctx)
	return &methods.AddAuthorizationRoleBody{Res: &types.AddAuthorizationRoleResponse{Returnval: id}}
}

func (a *authorizationManager) UpdateAuthorizationRole(ctx *simulator.Context, r *types.UpdateAuthorizationRole) soap.HasFault {
	if f := a.s.book.UpdateRole(r.RoleId, r.NewName, r.PrivIds); f != nil {
		return &methods.UpdateAuthorizationRoleBody{Fault_: fault(f)}
	}
	a.publish(ctx)
	return &methods.UpdateAuthorizationRoleBody{Res: &types.UpdateAuthorizationRoleResponse{}}
}

func (a *authorizationManager) RemoveAuthorizationRole(ctx *simulator.Context, r *types.RemoveAuthorizationRole) soap.HasFault {
	if f := a.s.book.RemoveRole(r.RoleId, r.FailIfUsed); f != nil {
		return &methods.RemoveAuthorizationRoleBody{Fault_: fault(f)}
	}
	a.publish(ctx)
	return &methods.RemoveAuthorizationRoleBody{Res: &types.RemoveAuthorizationRoleResponse{}}
}

func (a *authorizationManager) SetEntityPermissions(ctx *simulator.Context, r *types.SetEntityPermissions) soap.HasFault {
	if f := a.entity(ctx, r.Entity); f != nil {
		return &methods.SetEntityPermissionsBody{Fault_: fault(f)}
	}
	if f := a.s.book.Permit(r.Entity, r.Permission); f != nil {
		return &methods.SetEntityPermissionsBody{Fault_: fault(f)}
	}
	return &methods.SetEntityPermissionsBody{Res: &types.SetEntityPermissionsResponse{}}
}

func (a *authorizationManager) entity(ctx *simulator.Context, ref types.ManagedObjectReference) types.BaseMethodFault {
	if _, ok := ctx.Map.Get(ref).(mo.Entity); !ok {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	return nil
}

func (a *authorizationManager) RemoveEntityPermission(ctx *simulator.Context, r *types.RemoveEntityPermission) soap.HasFault {
	f := a.entity(ctx, r.Entity)
	if f == nil && !a.s.book.Forbid(r.Entity, r.User, r.IsGroup) {
		f = &types.NotFound{}
	}
	if f != nil {
		return &methods.RemoveEntityPermissionBody{Fault_: fault(f)}
	}
	return &methods.RemoveEntityPermissionBody{Res: &types.RemoveEntityPermissionResponse{}}
}

func (a *authorizationManager) RetrieveEntityPermissions(ctx *simulator.Context, r *types.RetrieveEntityPermissions) soap.HasFault {
	if f := a.entity(ctx, r.Entity); f != nil {
		return &methods.RetrieveEntityPermissionsBody{Fault_: fault(f)}
	}
	path := []types.ManagedObjectReference{r.Entity}
	if r.Inherited {
		path = a.s.ancestry(ctx, r.Entity)
	}
	return &methods.RetrieveEntityPermissionsBody{Res: &types.RetrieveEntityPermissionsResponse{Returnval: a.s.book.Permissions(path...)}}
}

func (a *authorizationManager) RetrieveAllPermissions(*simulator.Context, *types.RetrieveAllPermissions) soap.HasFault {
	return &methods.RetrieveAllPermissionsBody{Res: &types.RetrieveAllPermissionsResponse{Returnval: a.s.book.Permissions()}}
}

func (a *authorizationManager) RetrieveRolePermissions(_ *simulator.Context, r *types.RetrieveRolePermissions) soap.HasFault {
	res := &types.RetrieveRolePermissionsResponse{}
	for _, p := range a.s.book.Permissions() {
		if p.RoleId == r.RoleId {
			res.Returnval = append(res.Returnval, p)
		}
	}
	return &methods.RetrieveRolePermissionsBody{Res: res}
}

// HasPrivilegeOnEntity answers for the user of the session that is named.
func (a *authorizationManager) HasPrivilegeOnEntity(ctx *simulator.Context, r *types.HasPrivilegeOnEntity) soap.HasFault {
	res := &HasPrivilegeOnEntityResponse{}
	user := a.s.sessions.user(r.SessionId)
	for _, p := range r.PrivId {
		res.Returnval = append(res.Returnval, strconv.FormatBool(a.s.grants(ctx, user, access.Need{On: r.Entity, Privilege: p})))
	}
	return &privilegeBody{Res: res}
}

// HasPrivilegeOnEntityResponse has the name that it has in the API. The type of govmomi loses every false on its way.
type HasPrivilegeOnEntityResponse struct {
	Returnval []string `xml:"returnval"`
}

type privilegeBody struct {
	Res *HasPrivilegeOnEntityResponse `xml:"HasPrivilegeOnEntityResponse"`
}

// Fault is never there.
func (*privilegeBody) Fault() *soap.Fault { return nil }

func (a *authorizationManager) HasPrivilegeOnEntities(ctx *simulator.Context, r *types.HasPrivilegeOnEntities) soap.HasFault {
	return &methods.HasPrivilegeOnEntitiesBody{Res: &types.HasPrivilegeOnEntitiesResponse{
		Returnval: a.available(ctx, a.s.sessions.user(r.SessionId), r.Entity, r.PrivId),
	}}
}

func (a *authorizationManager) HasUserPrivilegeOnEntities(ctx *simulator.Context, r *types.HasUserPrivilegeOnEntities) soap.HasFault {
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: &types.HasUserPrivilegeOnEntitiesResponse{
		Returnval: a.available(ctx, r.UserName, r.Entities, r.PrivId),
	}}
}

func (a *authorizationManager) available(ctx *simulator.Context, user string, on []types.ManagedObjectReference, privileges []string) []types.EntityPrivilege {
	var list []types.EntityPrivilege
	for _, ref := range on {
		e := types.EntityPrivilege{Entity: ref}
		for _, p := range privileges {
			e.PrivAvailability = append(e.PrivAvailability, types.PrivilegeAvailability{
				PrivId: p, IsGranted: a.s.grants(ctx, user, access.Need{On: ref, Privilege: p}),
			})
		}
		list = append(list, e)
	}
	return list
}

func (a *authorizationManager) FetchUserPrivilegeOnEntities(ctx *simulator.Context, r *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	res := &types.FetchUserPrivilegeOnEntitiesResponse{}
	for _, ref := range r.Entities {
		res.Returnval = append(res.Returnval, types.UserPrivilegeResult{Entity: ref, Privileges: a.s.book.Granted(r.UserName, a.s.ancestry(ctx, ref))})
	}
	return &methods.FetchUserPrivilegeOnEntitiesBody{Res: res}
}
