package vc

type faults struct{ s *Sim }

func newFaults(s *Sim) *faults { return &faults{s} }
