package main

import "strings"

// family is what a test is about: the resource in its name. Tests of data sources have families of their own.
func family(test string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(test, "TestAcc"), "_")
	kind := ""
	for _, k := range []string{"DataSource", "Resource"} {
		if rest, ok := strings.CutPrefix(name, k); ok {
			name, kind = rest, k
			break
		}
	}
	for _, vendor := range []string{"VSphere", "Vsphere", "vsphere"} {
		name = strings.TrimPrefix(name, vendor)
	}
	if kind == "DataSource" {
		return kind + name
	}
	return name
}
