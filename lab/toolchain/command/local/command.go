// Package local runs commands on the machine of the engine: `command:local:Command` and `command:local:run`.
package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command runs a command when it is created, changed and deleted.
type Command struct{}

// CommandArgs are the inputs of Command.
type CommandArgs struct {
	processArgs
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// CommandState is the state of Command.
type CommandState struct {
	CommandArgs
	processResult
}

// Create runs the create command. A failure leaves no resource behind, so the next update tries again.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[CommandArgs]) (infer.CreateResponse[CommandState], error) {
	state := CommandState{CommandArgs: req.Inputs}
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun && req.Inputs.Create != nil {
		state.processResult, err = run(ctx, *req.Inputs.Create, req.Inputs.processArgs, processResult{})
	}
	return infer.CreateResponse[CommandState]{ID: id, Output: state}, err
}

// Update runs the update command, or the create command where there is none. A failure keeps the old state, so the next
// update sees the change again.
func (*Command) Update(ctx context.Context, req infer.UpdateRequest[CommandArgs, CommandState]) (infer.UpdateResponse[CommandState], error) {
	state := CommandState{CommandArgs: req.Inputs, processResult: req.State.processResult}
	command := req.Inputs.Update
	if command == nil {
		command = req.Inputs.Create
	}
	var err error
	if !req.DryRun && command != nil {
		state.processResult, err = run(ctx, *command, req.Inputs.processArgs, req.State.processResult)
	}
	return infer.UpdateResponse[CommandState]{Output: state}, err
}

// Delete runs the delete command.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	_, err := run(ctx, *req.State.Delete, req.State.processArgs, req.State.processResult)
	return infer.DeleteResponse{}, err
}

// Run is the function `command:local:run`: runs a command each time it is called, in previews too.
type Run struct{}

// RunArgs are the inputs of Run.
type RunArgs struct {
	processArgs
	Command string `pulumi:"command"`
}

// RunResult is the result of Run.
type RunResult struct {
	RunArgs
	processResult
}

// Invoke runs the command.
func (*Run) Invoke(ctx context.Context, req infer.FunctionRequest[RunArgs]) (infer.FunctionResponse[RunResult], error) {
	result, err := run(ctx, req.Input.Command, req.Input.processArgs, processResult{})
	return infer.FunctionResponse[RunResult]{Output: RunResult{RunArgs: req.Input, processResult: result}}, err
}
