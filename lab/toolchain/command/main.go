// The command provider: runs commands here or over SSH as resources of a stack, with the tokens, inputs and outputs of
// the official provider, of which no source is to be had as a Go module.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-go-provider/infer"

	"vsphere-ha/lab/toolchain/command/local"
	"vsphere-ha/lab/toolchain/command/remote"
)

// Set at link time; must equal the version of the npm package @pulumi/command, by which the engine looks it up.
var version string

func main() {
	provider, err := infer.NewProviderBuilder().
		WithResources(
			infer.Resource(&local.Command{}),
			infer.Resource(&remote.Command{}),
			infer.Resource(&remote.CopyToRemote{}),
			infer.Resource(&remote.CopyFile{}),
		).
		WithFunctions(infer.Function(&local.Run{})).
		Build()
	if err == nil {
		err = provider.Run(context.Background(), "command", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
