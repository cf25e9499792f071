package vc

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"vsphere-ha/lab/vcenter/access"
)

// restSession is the header and the cookie that carry the session of the REST API.
const restSession = "vmware-api-session-id"

// restSessions knows whose the sessions of the REST API are: the simulator has them do everything, for ever.
type restSessions struct {
	s      *Sim
	mu     sync.Mutex
	owners map[string]*restUse
}

// transferPath is where files of content libraries are sent and fetched: whoever was given such an address may.
const transferPath = "/rest/com/vmware/cis/data/"

type restUse struct {
	user string
	last time.Time
}

func newRestSessions(s *Sim) *restSessions { return &restSessions{s: s, owners: map[string]*restUse{}} }

// admit answers calls of the REST API that have no valid session, or whose user lacks a privilege.
func (l *restSessions) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login := r.Method == http.MethodPost && (r.URL.Path == "/rest/com/vmware/cis/session" || r.URL.Path == "/api/session") && action(r) == ""
		switch {
		case login:
			l.login(w, r, next)
			return
		case strings.HasPrefix(r.URL.Path, transferPath):
			r.Header.Set(restSession, l.any()) // the simulator asks for a session here, too
			next.ServeHTTP(w, r)
			return
		case !strings.HasPrefix(r.URL.Path, "/rest/") && !strings.HasPrefix(r.URL.Path, "/api"):
			next.ServeHTTP(w, r)
			return
		}
		user, ok := l.touch(sessionOf(r))
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if p := restPrivilege(r); p != "" && !l.s.administers(user) && !l.s.grants(l.s.context(), user, access.Need{On: l.s.client.ServiceContent.RootFolder, Privilege: p}) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// login notes whose the new session is. Tokens are refused: the simulator would believe any.
func (l *restSessions) login(w http.ResponseWriter, r *http.Request, next http.Handler) {
	user, _, ok := r.BasicAuth()
	if !ok || !l.s.mayLook(user) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	b := &buffered{ResponseWriter: w}
	next.ServeHTTP(b, r)
	if m := sessionID.FindSubmatch(b.body.Bytes()); m != nil && b.status < http.StatusBadRequest {
		l.mu.Lock()
		l.owners[string(m[1])] = &restUse{user, time.Now()}
		l.mu.Unlock()
	}
	if b.status != 0 {
		w.WriteHeader(b.status)
	}
	_, _ = w.Write(b.body.Bytes())
}

// sessionID finds the key in the answer to a login: "KEY", or {"value":"KEY"} in the older API.
var sessionID = regexp.MustCompile(`"([0-9a-f-]{36})"`)

func sessionOf(r *http.Request) string {
	if id := r.Header.Get(restSession); id != "" {
		return id
	}
	if c, err := r.Cookie(restSession); err == nil {
		return c.Value
	}
	return ""
}

// touch tells whose a session is, and that it is in use; false where it has ended.
func (l *restSessions) touch(id string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.owners[id]
	if u == nil {
		return "", false
	}
	if time.Since(u.last) > l.s.sessions.timeout {
		delete(l.owners, id)
		return "", false
	}
	u.last = time.Now()
	return u.user, true
}

// any is a session of somebody; empty where there is none.
func (l *restSessions) any() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.owners {
		return id
	}
	return ""
}

// end ends all of them.
func (l *restSessions) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.owners)
}

func action(r *http.Request) string {
	return r.URL.Query().Get("~action") + r.URL.Query().Get("action")
}

// restPrivilege is what a call asks for; empty for one that only reads (vSphere Security, "vSphere Tagging Privileges").
func restPrivilege(r *http.Request) string {
	do := action(r)
	if r.Method == http.MethodGet || strings.HasPrefix(do, "list") || strings.HasPrefix(do, "get") || strings.HasPrefix(do, "find") || strings.Contains(r.URL.Path, "/session") {
		return ""
	}
	verb := map[string]string{http.MethodPost: "Create", http.MethodPatch: "Edit", http.MethodPut: "Edit", http.MethodDelete: "Delete"}[r.Method]
	switch path := r.URL.Path; {
	case strings.Contains(path, "tag-association"):
		return "InventoryService.Tagging.AttachTag"
	case strings.Contains(path, "tagging/category"):
		return "InventoryService.Tagging." + verb + "Category"
	case strings.Contains(path, "tagging/tag"):
		return "InventoryService.Tagging." + verb + "Tag"
	case strings.Contains(path, "library"):
		return "ContentLibrary.UpdateLibrary"
	}
	return "Global.VCServer"
}
