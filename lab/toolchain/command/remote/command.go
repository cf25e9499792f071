// Package remote runs commands and copies files over SSH: `command:remote:Command`, `CopyToRemote` and `CopyFile`.
package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/ssh"

	"vsphere-ha/lab/toolchain/command/capture"
)

// Logging names the streams that are shown while a command runs.
type Logging string

// Values lists the values of Logging.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: "stdout"},
		{Name: "Stderr", Value: "stderr"},
		{Name: "StdoutAndStderr", Value: "stdoutAndStderr"},
		{Name: "None", Value: "none"},
	}
}

// Command runs a command on a machine when it is created, changed and deleted.
type Command struct{}

// CommandArgs are the inputs of Command.
type CommandArgs struct {
	Connection             *Connection        `pulumi:"connection" provider:"secret"`
	Create                 *string            `pulumi:"create,optional"`
	Update                 *string            `pulumi:"update,optional"`
	Delete                 *string            `pulumi:"delete,optional"`
	Triggers               *[]any             `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
}

type result struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// CommandState is the state of Command.
type CommandState struct {
	CommandArgs
	result
}

// Create runs the create command. A failure leaves no resource behind, so the next update tries again.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[CommandArgs]) (infer.CreateResponse[CommandState], error) {
	state := CommandState{CommandArgs: req.Inputs}
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun && req.Inputs.Create != nil {
		state.result, err = run(ctx, *req.Inputs.Create, req.Inputs, result{})
	}
	return infer.CreateResponse[CommandState]{ID: id, Output: state}, err
}

// Update runs the update command, or the create command where there is none.
func (*Command) Update(ctx context.Context, req infer.UpdateRequest[CommandArgs, CommandState]) (infer.UpdateResponse[CommandState], error) {
	state := CommandState{CommandArgs: req.Inputs, result: req.State.result}
	command := req.Inputs.Update
	if command == nil {
		command = req.Inputs.Create
	}
	var err error
	if !req.DryRun && command != nil {
		state.result, err = run(ctx, *command, req.Inputs, req.State.result)
	}
	return infer.UpdateResponse[CommandState]{Output: state}, err
}

// Delete runs the delete command.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	_, err := run(ctx, *req.State.Delete, req.State.CommandArgs, req.State.result)
	return infer.DeleteResponse{}, err
}

func run(ctx context.Context, command string, args CommandArgs, previous result) (result, error) {
	show, err := capture.ParseStreams(args.Logging)
	if err != nil {
		return previous, err
	}
	client, err := args.Connection.dial(ctx)
	if err != nil {
		return previous, err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return previous, fmt.Errorf("no SSH session on %s: %w", args.Connection.address(), err)
	}
	defer session.Close()
	if err := setEnvironment(ctx, session, args, previous); err != nil {
		return previous, err
	}
	output := capture.New(ctx, show)
	session.Stdout, session.Stderr = output.Stdout(), output.Stderr()
	if args.Stdin != nil {
		session.Stdin = strings.NewReader(*args.Stdin)
	}
	stop := context.AfterFunc(ctx, func() {
		_ = session.Signal(ssh.SIGTERM)
		client.Close()
	})
	defer stop()
	if err := session.Run(command); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(errors.New("cancelled"), err)
		}
		return previous, output.Failed(err, command)
	}
	stdout, stderr := output.Result()
	return result{stdout, stderr}, nil
}

// An SSH server accepts only the variables that its AcceptEnv lists. The ones that the user asked for must arrive, the
// previous output is an extra.
func setEnvironment(ctx context.Context, session *ssh.Session, args CommandArgs, previous result) error {
	if args.Environment != nil {
		for name, value := range *args.Environment {
			if err := session.Setenv(name, value); err != nil {
				return fmt.Errorf("the SSH server refuses the environment variable %s: list it in AcceptEnv of its sshd_config, or set it in the command: %w", name, err)
			}
		}
	}
	if args.AddPreviousOutputInEnv != nil && !*args.AddPreviousOutputInEnv {
		return nil
	}
	for _, v := range []struct{ name, value string }{
		{"PULUMI_COMMAND_STDOUT", previous.Stdout},
		{"PULUMI_COMMAND_STDERR", previous.Stderr},
	} {
		if v.value != "" && session.Setenv(v.name, v.value) != nil {
			p.GetLogger(ctx).Warningf("%s is not passed on: AcceptEnv of the SSH server does not list it; addPreviousOutputInEnv: false silences this", v.name)
		}
	}
	return nil
}
