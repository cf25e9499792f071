package vc

import (
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/pbm"
	"github.com/vmware/govmomi/pbm/methods"
	pbmsim "github.com/vmware/govmomi/pbm/simulator" // registers the service
	pbmtypes "github.com/vmware/govmomi/pbm/types"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// servePolicies completes the service of storage policies, which the simulator has in part: calls ask for privileges, policies
// have names of their own, are changed, and know who has them. Their rules are kept; no datastore is judged by them.
func (s *Sim) servePolicies() {
	r := s.context().For(pbm.Path).Map
	for _, o := range r.AllReference("PbmProfileProfileManager") {
		if m, ok := o.(*pbmsim.ProfileManager); ok {
			s.profiles = &profileManager{ProfileManager: m, s: s}
		}
	}
	r.Handler = func(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		if ctx.Session != nil {
			if fault := s.authorize(ctx, m); fault != nil {
				return nil, fault
			}
		}
		if m.This == s.profiles.Reference() {
			return s.profiles, nil
		}
		return nil, nil
	}
}

// profileManager keeps the policies.
type profileManager struct {
	*pbmsim.ProfileManager
	s  *Sim
	mu sync.Mutex // the simulator's lock is of calls; the lab's own look-ups come without one
}

// get copies policies by their identifiers; the fault is the simulator's for one that does not exist.
func (m *profileManager) get(ids ...pbmtypes.PbmProfileId) ([]pbmtypes.BasePbmProfile, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body := m.ProfileManager.PbmRetrieveContent(&pbmtypes.PbmRetrieveContent{ProfileIds: ids}).(*methods.PbmRetrieveContentBody)
	if body.Res == nil {
		return nil, false
	}
	return clone(body.Res.Returnval), true
}

func (m *profileManager) exists(id string) bool {
	_, ok := m.get(pbmtypes.PbmProfileId{UniqueId: id})
	return ok
}

// named finds the policy of a name; none where the name is free.
func (m *profileManager) named(name string) string {
	m.mu.Lock()
	all := m.ProfileManager.PbmQueryProfileDetails(&pbmtypes.PbmQueryProfileDetails{}).(*methods.PbmQueryProfileDetailsBody).Res.Returnval
	defer m.mu.Unlock()
	for _, d := range all {
		if p := d.Profile.GetPbmCapabilityProfile(); p.Name == name {
			return p.ProfileId.UniqueId
		}
	}
	return ""
}

// PbmRetrieveContent says "Profile not found", by which the Terraform provider knows that a policy is gone.
func (m *profileManager) PbmRetrieveContent(req *pbmtypes.PbmRetrieveContent) soap.HasFault {
	found, ok := m.get(req.ProfileIds...)
	if !ok {
		return &methods.PbmRetrieveContentBody{Fault_: simulator.Fault("Profile not found", &types.InvalidArgument{InvalidProperty: "profileId"})}
	}
	return &methods.PbmRetrieveContentBody{Res: &pbmtypes.PbmRetrieveContentResponse{Returnval: found}}
}

func (m *profileManager) PbmQueryProfileDetails(req *pbmtypes.PbmQueryProfileDetails) soap.HasFault {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clone(m.ProfileManager.PbmQueryProfileDetails(req).(*methods.PbmQueryProfileDetailsBody))
}

func (m *profileManager) PbmQueryProfile(req *pbmtypes.PbmQueryProfile) soap.HasFault {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ProfileManager.PbmQueryProfile(req)
}

// PbmCreate makes a policy; without a category it is one of requirements (API reference, PbmCapabilityProfileCreateSpec).
func (m *profileManager) PbmCreate(ctx *simulator.Context, req *pbmtypes.PbmCreate) soap.HasFault {
	if fault := m.checkName(req.CreateSpec.Name, ""); fault != nil {
		return &methods.PbmCreateBody{Fault_: simulator.Fault("", fault)}
	}
	if req.CreateSpec.Category == "" {
		req.CreateSpec.Category = string(pbmtypes.PbmProfileCategoryEnumREQUIREMENT)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ProfileManager.PbmCreate(ctx, req)
}

func (m *profileManager) checkName(name, own string) types.BaseMethodFault {
	if name == "" {
		return &types.InvalidArgument{InvalidProperty: "name"}
	}
	if other := m.named(name); other != "" && other != own {
		return &pbmtypes.PbmDuplicateName{Name: name}
	}
	return nil
}

// PbmUpdate changes a policy; unset means unchanged.
func (m *profileManager) PbmUpdate(ctx *simulator.Context, req *pbmtypes.PbmUpdate) soap.HasFault {
	fail := func(fault types.BaseMethodFault) soap.HasFault {
		return &methods.PbmUpdateBody{Fault_: simulator.Fault("", fault)}
	}
	if !m.exists(req.ProfileId.UniqueId) {
		return fail(&types.InvalidArgument{InvalidProperty: "profileId"})
	}
	change := req.UpdateSpec
	if change.Name != "" {
		if fault := m.checkName(change.Name, req.ProfileId.UniqueId); fault != nil {
			return fail(fault)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.ProfileManager.PbmRetrieveContent(&pbmtypes.PbmRetrieveContent{ProfileIds: []pbmtypes.PbmProfileId{req.ProfileId}})
	policy, ok := own.(*methods.PbmRetrieveContentBody).Res.Returnval[0].(*pbmtypes.PbmCapabilityProfile)
	if !ok {
		return fail(&types.InvalidArgument{InvalidProperty: "profileId"})
	}
	set(&policy.Name, change.Name)
	set(&policy.Description, change.Description)
	if change.Constraints != nil {
		policy.Constraints = change.Constraints
	}
	policy.GenerationId++
	policy.LastUpdatedTime, policy.LastUpdatedBy = time.Now(), ctx.Session.UserName
	return &methods.PbmUpdateBody{Res: &pbmtypes.PbmUpdateResponse{}}
}

// PbmDelete deletes policies that nobody has, and says of the others why they stay.
func (m *profileManager) PbmDelete(req *pbmtypes.PbmDelete) soap.HasFault {
	res := &pbmtypes.PbmDeleteResponse{}
	for _, id := range req.ProfileId {
		var fault types.BaseMethodFault
		switch machines, disks := m.s.holders(id.UniqueId); {
		case !m.exists(id.UniqueId):
			fault = &types.InvalidArgument{InvalidProperty: "profileId"}
		case len(machines)+len(disks) > 0:
			fault = &pbmtypes.PbmResourceInUse{Name: id.UniqueId}
		default:
			m.mu.Lock()
			m.ProfileManager.PbmDelete(&pbmtypes.PbmDelete{This: req.This, ProfileId: []pbmtypes.PbmProfileId{id}})
			m.mu.Unlock()
		}
		outcome := pbmtypes.PbmProfileOperationOutcome{ProfileId: id}
		if fault != nil {
			outcome.Fault = &types.LocalizedMethodFault{Fault: fault}
		}
		res.Returnval = append(res.Returnval, outcome)
	}
	return &methods.PbmDeleteBody{Res: res}
}

// assigned lists the policy of a machine or disk, if it has one.
func (m *profileManager) assigned(entity pbmtypes.PbmServerObjectRef) (list []pbmtypes.PbmProfileId) {
	id, _, isDisk := strings.Cut(entity.Key, ":")
	wanted := pbmtypes.PbmObjectTypeVirtualMachine
	if isDisk {
		wanted = pbmtypes.PbmObjectTypeVirtualDiskId
	}
	instance := m.s.instanceOf(types.ManagedObjectReference{Type: "VirtualMachine", Value: id})
	if entity.ObjectType != string(wanted) || instance == "" {
		return nil
	}
	if policy := m.s.policies.of(instance + entity.Key[len(id):]); policy != "" && m.exists(policy) {
		list = append(list, pbmtypes.PbmProfileId{UniqueId: policy})
	}
	return list
}

func (m *profileManager) PbmQueryAssociatedProfile(req *pbmtypes.PbmQueryAssociatedProfile) soap.HasFault {
	return &methods.PbmQueryAssociatedProfileBody{Res: &pbmtypes.PbmQueryAssociatedProfileResponse{Returnval: m.assigned(req.Entity)}}
}

func (m *profileManager) PbmQueryAssociatedProfiles(req *pbmtypes.PbmQueryAssociatedProfiles) soap.HasFault {
	res := &pbmtypes.PbmQueryAssociatedProfilesResponse{}
	for _, e := range req.Entities {
		res.Returnval = append(res.Returnval, pbmtypes.PbmQueryProfileResult{Object: e, ProfileId: m.assigned(e)})
	}
	return &methods.PbmQueryAssociatedProfilesBody{Res: res}
}

// PbmQueryAssociatedEntity lists who has a policy, of one type or of all.
func (m *profileManager) PbmQueryAssociatedEntity(req *pbmtypes.PbmQueryAssociatedEntity) soap.HasFault {
	res := &pbmtypes.PbmQueryAssociatedEntityResponse{}
	machines, disks := m.s.holders(req.Profile.UniqueId)
	for kind, keys := range map[pbmtypes.PbmObjectType][]string{
		pbmtypes.PbmObjectTypeVirtualMachine: machines, pbmtypes.PbmObjectTypeVirtualDiskId: disks,
	} {
		if req.EntityType != "" && req.EntityType != string(kind) {
			continue
		}
		for _, key := range keys {
			res.Returnval = append(res.Returnval, pbmtypes.PbmServerObjectRef{ObjectType: string(kind), Key: key})
		}
	}
	return &methods.PbmQueryAssociatedEntityBody{Res: res}
}
