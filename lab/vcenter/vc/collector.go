package vc

import (
	"reflect"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// propertyCollector answers a session's requests for properties quickly where it can.
type propertyCollector struct {
	*simulator.PropertyCollector
	s *Sim
}

// collectorOf is the session's own collector, for the calls that are answered here; nil for others.
func (s *Sim) collectorOf(ctx *simulator.Context, m *simulator.Method) *propertyCollector {
	switch m.Name {
	case "RetrieveProperties", "RetrievePropertiesEx", "ContinueRetrievePropertiesEx", "CancelRetrievePropertiesEx", "Fetch":
	default:
		return nil
	}
	if ctx.Session == nil || m.This.Type != "PropertyCollector" {
		return nil
	}
	if pc, ok := ctx.Session.Get(m.This).(*simulator.PropertyCollector); ok {
		return &propertyCollector{pc, s}
	}
	return nil
}

func (c *propertyCollector) RetrieveProperties(ctx *simulator.Context, r *types.RetrieveProperties) soap.HasFault {
	if all, ok := retrieve(ctx, r.SpecSet); ok {
		return &methods.RetrievePropertiesBody{Res: &types.RetrievePropertiesResponse{Returnval: all}}
	}
	return c.PropertyCollector.RetrieveProperties(ctx, r)
}

func (c *propertyCollector) RetrievePropertiesEx(ctx *simulator.Context, r *types.RetrievePropertiesEx) soap.HasFault {
	all, ok := retrieve(ctx, r.SpecSet)
	if !ok {
		return c.PropertyCollector.RetrievePropertiesEx(ctx, r)
	}
	res := &types.RetrievePropertiesExResponse{}
	if len(all) > 0 {
		res.Returnval = c.s.pages.first(all, int(r.Options.MaxObjects))
	}
	return &methods.RetrievePropertiesExBody{Res: res}
}

func (c *propertyCollector) ContinueRetrievePropertiesEx(ctx *simulator.Context, r *types.ContinueRetrievePropertiesEx) soap.HasFault {
	if p, ok := c.s.pages.take(r.Token); ok {
		return &methods.ContinueRetrievePropertiesExBody{Res: &types.ContinueRetrievePropertiesExResponse{Returnval: *c.s.pages.first(p.rest, p.size)}}
	}
	return c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, r)
}

// CancelRetrievePropertiesEx forgets what is left of an answer.
func (c *propertyCollector) CancelRetrievePropertiesEx(_ *simulator.Context, r *types.CancelRetrievePropertiesEx) soap.HasFault {
	c.s.pages.take(r.Token)
	return &methods.CancelRetrievePropertiesExBody{Res: &types.CancelRetrievePropertiesExResponse{}}
}

// FetchResponse has the name that it has on the wire.
type FetchResponse struct {
	Returnval types.AnyType `xml:"returnval,omitempty,typeattr"`
}

type fetchBody struct {
	Res *FetchResponse `xml:"urn:vim25 FetchResponse"`
}

// Fault is never there.
func (*fetchBody) Fault() *soap.Fault { return nil }

// Fetch reads one property, as pyVmomi does. The simulator answers for an unset one with a message of another kind.
func (c *propertyCollector) Fetch(ctx *simulator.Context, request any) soap.HasFault {
	v := reflect.ValueOf(request).Elem()
	this, path := v.FieldByName("This").Interface().(types.ManagedObjectReference), v.FieldByName("Prop").String()
	if this.Type == "ComputeResource" && isCluster(this.Value) {
		this.Type = "ClusterComputeResource"
	}
	r := retrieval{ctx: ctx, done: map[types.ManagedObjectReference]bool{}, spec: types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: this.Type, PathSet: []string{path}}},
	}}
	if this.Type == "ServiceInstance" || !r.add(this) || len(r.out) == 0 {
		in := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)}
		return reflect.ValueOf(c.PropertyCollector).MethodByName("Fetch").Call(in)[0].Interface().(soap.HasFault)
	}
	if missing := r.out[0].MissingSet; len(missing) > 0 {
		return &methods.RetrievePropertiesBody{Fault_: simulator.Fault("", missing[0].Fault.Fault)}
	}
	res := &FetchResponse{}
	for _, p := range r.out[0].PropSet {
		res.Returnval = p.Val
	}
	return &fetchBody{Res: res}
}

// pages keeps what clients have not fetched yet of long answers. Only so many are kept: clients that never come back for
// theirs must not fill the memory.
type pages struct {
	mu   sync.Mutex
	kept map[string]page
	old  []string
}

type page struct {
	rest []types.ObjectContent
	size int
}

const maxPages = 1000

// first cuts a page off and keeps the rest.
func (p *pages) first(all []types.ObjectContent, size int) *types.RetrieveResult {
	if size <= 0 || len(all) <= size {
		return &types.RetrieveResult{Objects: all}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[string]page{}
	}
	token := uuid.NewString()
	p.kept[token] = page{all[size:], size}
	if p.old = append(p.old, token); len(p.old) > maxPages {
		delete(p.kept, p.old[0])
		p.old = p.old[1:]
	}
	return &types.RetrieveResult{Token: token, Objects: all[:size]}
}

func (p *pages) take(token string) (page, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept, ok := p.kept[token]
	delete(p.kept, token)
	return kept, ok
}
