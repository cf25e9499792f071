package vc

import (
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions ends those that nobody uses for a time; a call that waits, such as WaitForUpdatesEx, keeps its session in use.
// The time-out is wall time, as clients reckon with it.
type sessions struct {
	s       *Sim
	timeout time.Duration
	mu      sync.Mutex
	used    map[string]*use
}

type use struct {
	session *simulator.Session
	last    time.Time
	busy    int
}

func newSessions(s *Sim, timeout time.Duration) *sessions {
	return &sessions{s: s, timeout: timeout, used: map[string]*use{}}
}

// begin and end enclose a call. A login has no session when it begins.
func (l *sessions) begin(session *simulator.Session) { l.note(session, 1) }

func (l *sessions) end(session *simulator.Session, method string) {
	l.note(session, -1)
	if method == "Logout" && session != nil {
		l.forget(session.Key)
	}
}

func (l *sessions) note(session *simulator.Session, calls int) {
	if session == nil || session.UserName == "" {
		return // nobody's, or the lab's own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.used[session.Key]
	if u == nil {
		u = &use{session: session}
		l.used[session.Key] = u
	}
	u.busy, u.last = max(0, u.busy+calls), time.Now()
}

func (l *sessions) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.used, key)
}

// user is who a session belongs to; empty where there is none by this key.
func (l *sessions) user(key string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u := l.used[key]; u != nil {
		return u.session.UserName
	}
	return ""
}

// watch ends idle sessions until the lab stops.
func (l *sessions) watch() {
	tick := time.NewTicker(max(min(l.timeout/20, 10*time.Second), 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.expire(l.timeout)
		case <-l.s.life.Done():
			return
		}
	}
}

// expire ends the sessions that have been idle for longer; a negative time ends all of them.
func (l *sessions) expire(idle time.Duration) {
	l.mu.Lock()
	var gone []*use
	for key, u := range l.used {
		if idle < 0 || u.busy == 0 && time.Since(u.last) > idle {
			gone = append(gone, u)
			delete(l.used, key)
		}
	}
	l.mu.Unlock()
	for _, u := range gone {
		ctx := l.s.context()
		ctx.Session = u.session
		m := ctx.Map.SessionManager()
		m.Logout(ctx, &types.Logout{This: m.Self}) // takes along what the session has made
	}
}
