//go:build !race

package vc_test

const raced = false
