package config

import (
	"strings"
	"testing"
)

func TestUsersAreChecked(t *testing.T) {
	c := &Config{User: "administrator@vsphere.local", Users: []User{
		{Name: "Administrator@vsphere.local", PasswordVar: "A", Password: "a", Role: "Admin"},
		{Name: "reader", PasswordVar: "B", Role: "ReadOnly"},
		{Name: "both", PasswordVar: "C", Password: "c", Role: "ReadOnly", Privileges: []string{"System.Read"}},
		{Name: "neither", Password: "d"},
		{Name: "other", PasswordVar: "E", Password: "e", Role: "King"},
	}}
	err := c.validate()
	for _, want := range []string{
		`users[0].name: "Administrator@vsphere.local" must be set and unique`, "environment B: must be set, it is the password of reader",
		"users[2]: must have either a role or privileges", "users[3].passwordVar: must name an environment variable",
		"users[3]: must have either a role or privileges", `users[4].role: "King" must be Admin, ReadOnly or NoAccess`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	good := &Config{User: "a", Users: []User{{Name: "r", PasswordVar: "R", Password: "x", Role: "ReadOnly"}}}
	if err := good.validate(); strings.Contains(err.Error(), "users[") {
		t.Errorf("a good user is refused: %v", err)
	}
}
