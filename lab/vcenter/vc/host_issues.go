package vc

import (
	"maps"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// hostIssue is a kind of configuration issue. A host has at most one of each.
type hostIssue string

const (
	heartbeatIssue hostIssue = "heartbeat datastores"
	shellIssue     hostIssue = "ESXi Shell"
	sshIssue       hostIssue = "SSH"
)

// showIssue shows an issue on a host, or, when it is nil, no longer. vCenter tells one that is new as an event, too.
func (s *Sim) showIssue(ctx *simulator.Context, host managedHost, kind hostIssue, issue types.BaseEvent) {
	shown := host.issues[kind]
	if issueText(shown) == issueText(issue) {
		return
	}
	if issue != nil {
		s.post(issue)
	}
	var events []types.BaseEvent
	s.updateHost(host.ref, func(m *managedHost) {
		issues := maps.Clone(m.issues)
		if issues == nil {
			issues = map[hostIssue]types.BaseEvent{}
		}
		delete(issues, kind)
		if issue != nil {
			issues[kind] = issue
		}
		m.issues = issues
		for _, kind := range slices.Sorted(maps.Keys(issues)) {
			events = append(events, issues[kind])
		}
	})
	status := types.ManagedEntityStatusGreen
	if len(events) > 0 {
		status = types.ManagedEntityStatusYellow
	}
	s.change(ctx, host.ref, types.PropertyChange{Name: "configIssue", Val: events}, types.PropertyChange{Name: "configStatus", Val: status})
}

func issueText(issue types.BaseEvent) string {
	if issue == nil {
		return ""
	}
	return issue.GetEvent().FullFormattedMessage
}
