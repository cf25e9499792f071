package vc

import "net/http"

// vpxdService is the identifier of vCenter's own service.
const vpxdService = "vpxd"

// serveServices lets clients see, stop and start vCenter's service through the appliance, whose own services go on (vSphere
// Automation API, vcenter/services; the form under /rest is the deprecated one of 6.7).
func (s *Sim) serveServices() {
	mux := s.svc.ServeMux
	mux.HandleFunc("GET /api/vcenter/services", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{vpxdService: s.describeVpxd()})
	})
	mux.HandleFunc("GET /api/vcenter/services/{service}", s.known(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, s.describeVpxd())
	}))
	mux.HandleFunc("POST /api/vcenter/services/{service}", s.known(func(w http.ResponseWriter, r *http.Request) {
		s.operate(w, r.URL.Query().Get("action"), http.StatusNoContent)
	}))
	mux.HandleFunc("GET /rest/vcenter/services/{service}", s.known(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"value": s.describeVpxd()})
	}))
	mux.HandleFunc("POST /rest/vcenter/services/{service}/{action}", s.known(func(w http.ResponseWriter, r *http.Request) {
		s.operate(w, r.PathValue("action"), http.StatusOK)
	}))
}

// known refuses services that the lab does not have.
func (s *Sim) known(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("service") != vpxdService {
			fail(w, http.StatusNotFound, "NOT_FOUND", "there is no service "+r.PathValue("service"))
			return
		}
		next(w, r)
	}
}

func (s *Sim) describeVpxd() map[string]any {
	state := s.vpxd.is()
	info := map[string]any{
		"name_key": "cis.vpxd.ServiceName", "description_key": "cis.vpxd.ServiceDescription", "startup_type": "AUTOMATIC", "state": state,
	}
	if state == serviceStarted {
		info["health"], info["health_messages"] = "HEALTHY", []any{}
	}
	return info
}

// operate carries out an action and answers when it is done.
func (s *Sim) operate(w http.ResponseWriter, action string, done int) {
	ok := true
	switch action {
	case "start":
		ok = s.startVpxd()
	case "stop":
		ok = s.stopVpxd()
	case "restart":
		ok = s.stopVpxd() && s.startVpxd()
	default:
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", "the action is none of start, stop and restart")
		return
	}
	if !ok {
		fail(w, http.StatusBadRequest, "NOT_ALLOWED_IN_CURRENT_STATE", "the service is starting or stopping")
		return
	}
	w.WriteHeader(done)
}

func fail(w http.ResponseWriter, status int, kind, message string) {
	answer(w, status, map[string]any{"error_type": kind, "messages": []any{map[string]any{"id": "lab." + kind, "default_message": message, "args": []any{}}}})
}
