import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { InputPropertiesError } from "@pulumi/pulumi/proto/errors_pb";
import { InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  ConstructRequest,
  type ConstructResponse,
  GetSchemaRequest,
  type GetSchemaResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  RegisterResourceResponse,
  type RegisterResourceRequest,
  type ResourceInvokeRequest,
  SupportsFeatureResponse,
  type SupportsFeatureRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { packedProject } from "./packedProject";

type Values = Record<string, JavaScriptValue>;

/** How a value travels that is an Output with this state (Pulumi's wire format). */
const signature = "4dabf18193072939515e22adb298388d";
const outputValue = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const secretValue = "1b47061264138c4ac30d75fd1eb44270";

/** Whether a value travels as a secret. */
export function isSecret(value: JavaScriptValue | undefined): boolean {
  return typeof value === "object" && value !== null && (value as Values)[signature] === secretValue;
}

/** An Output, as a program in another language passes one on; without a value it is not known yet. */
export function output(value?: JavaScriptValue, { secret = false, dependencies = [] as string[] } = {}): Values {
  return { [signature]: outputValue, ...(value !== undefined && { value }), secret, dependencies };
}

/** A resource that was registered. */
export interface Registered {
  type: string;
  name: string;
  parent: string;
  dependencies: string[];
  inputs: Values;
}

/** A property of an input, and what is wrong with it. */
export interface Refused {
  message: string;
  properties: Record<string, string>;
}

const urnOf = (type: string, name: string): string => `urn:pulumi:dev::other::${type}::${name}`;

/**
 * The package as Pulumi's language host starts it for programs in other languages (`cmd/run-plugin` with the package's
 * folder), and an engine and a resource monitor that it speaks to: all of them real gRPC servers.
 */
export class ProviderHost {
  readonly registered: Registered[] = [];
  readonly logs: string[] = [];
  /** Whatever the process printed but for its port. */
  printed = "";
  private client!: ResourceProviderClient;
  private process!: ChildProcess;
  private readonly server = new grpc.Server();
  private address = "";

  static async start(): Promise<ProviderHost> {
    const host = new ProviderHost();
    host.serve();
    const port = await new Promise<number>((resolve, reject) => {
      host.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    host.address = `127.0.0.1:${String(port)}`;
    const { project } = await packedProject();
    const runner = join(project, "node_modules", "@pulumi", "pulumi", "cmd", "run-plugin");
    const plugin = join(project, "node_modules", "vsphere-ha");
    host.process = spawn(process.execPath, [runner, plugin, host.address], {
      cwd: plugin,
      stdio: ["ignore", "pipe", "pipe"],
    });
    host.process.stderr?.on("data", (chunk: Buffer) => void (host.printed += chunk.toString()));
    const [line] = (await Promise.race([
      once(host.process.stdout ?? host.process, "data"),
      once(host.process, "close").then(() => Promise.reject(new Error(`it ended: ${host.printed}`))),
    ])) as [Buffer];
    host.client = new ResourceProviderClient(`127.0.0.1:${line.toString().trim()}`, grpc.credentials.createInsecure());
    return host;
  }

  async stop(): Promise<void> {
    this.client.close();
    const closed = once(this.process, "close");
    this.process.kill();
    await closed;
    this.server.forceShutdown();
  }

  async schema(): Promise<string> {
    const answer = await new Promise<GetSchemaResponse>((resolve, reject) => {
      this.client.getSchema(new GetSchemaRequest(), (error, response) => {
        if (error) reject(error);
        else resolve(response);
      });
    });
    return answer.getSchema();
  }

  /** Makes a component: its outputs, and what was registered for it. */
  async construct(kind: string, name: string, inputs: Values, { preview = false } = {}): Promise<Made> {
    const before = this.registered.length;
    const request = new ConstructRequest();
    request.setProject("other");
    request.setStack("dev");
    request.setOrganization("organization");
    request.setParallel(4);
    request.setMonitorendpoint(this.address);
    request.setDryrun(preview);
    request.setType(`vsphere-ha:index:${kind}`);
    request.setName(name);
    request.setInputs(Struct.fromJavaScript(inputs));
    request.setAcceptsOutputValues(true);
    const response = await new Promise<ConstructResponse>((resolve, reject) => {
      this.client.construct(request, (error, made) => {
        if (error) reject(error);
        else resolve(made);
      });
    });
    return {
      urn: response.getUrn(),
      outputs: response.getState()?.toJavaScript() ?? {},
      registered: this.registered.slice(before),
    };
  }

  /** The properties that a component refuses, before it registered anything. */
  async refusal(kind: string, name: string, inputs: Values): Promise<Refused> {
    const before = this.registered.length;
    try {
      await this.construct(kind, name, inputs);
    } catch (error) {
      const { details, metadata } = error as grpc.ServiceError;
      if (this.registered.length > before) throw new Error("something was registered", { cause: error });
      return { message: details, properties: propertiesOf(metadata) };
    }
    throw new Error(`${kind} was made`);
  }

  private serve(): void {
    const empty = <T>(_: T, done: grpc.sendUnaryData<Empty>): void => {
      done(null, new Empty());
    };
    const engine = {
      log: (call: grpc.ServerUnaryCall<LogRequest, Empty>, done: grpc.sendUnaryData<Empty>) => {
        this.logs.push(call.request.getMessage());
        done(null, new Empty());
      },
    };
    const monitor = {
      supportsFeature: (
        call: grpc.ServerUnaryCall<SupportsFeatureRequest, SupportsFeatureResponse>,
        done: grpc.sendUnaryData<SupportsFeatureResponse>,
      ) => {
        const response = new SupportsFeatureResponse();
        response.setHassupport(
          ["secrets", "resourceReferences", "outputValues", "aliasSpecs"].includes(call.request.getId()),
        );
        done(null, response);
      },
      registerResource: (
        call: grpc.ServerUnaryCall<RegisterResourceRequest, RegisterResourceResponse>,
        done: grpc.sendUnaryData<RegisterResourceResponse>,
      ) => {
        done(null, this.register(call.request));
      },
      registerResourceOutputs: empty,
      invoke: (
        call: grpc.ServerUnaryCall<ResourceInvokeRequest, InvokeResponse>,
        done: grpc.sendUnaryData<InvokeResponse>,
      ) => {
        const args = call.request.getArgs()?.toJavaScript() ?? {};
        const response = new InvokeResponse();
        const found = { ...args, id: `found-${args.name as string}`, guestId: "ubuntu64Guest", disks: [] };
        response.setReturn(Struct.fromJavaScript(found));
        done(null, response);
      },
    };
    this.server.addService(EngineService, engine);
    this.server.addService(ResourceMonitorService, monitor);
  }

  private register(request: RegisterResourceRequest): RegisterResourceResponse {
    const [type, name] = [request.getType(), request.getName()];
    const inputs = request.getObject()?.toJavaScript() ?? {};
    this.registered.push({
      type,
      name,
      parent: request.getParent(),
      dependencies: request.getDependenciesList(),
      inputs,
    });
    const response = new RegisterResourceResponse();
    response.setUrn(urnOf(type, name));
    if (request.getCustom()) {
      response.setId(`id-${name}`);
      const stdout = name.endsWith("-registration") ? "logged in\nproject project-1\n" : "verified";
      const computed = { moid: `moid-${name}`, resourcePoolId: `pool-${name}`, allFixedIps: ["192.0.2.9"], stdout };
      response.setObject(Struct.fromJavaScript({ ...inputs, ...computed }));
    }
    return response;
  }
}

/** A component that was made. */
export interface Made {
  urn: string;
  outputs: Values;
  registered: Registered[];
}

/** The details of a status, as Pulumi's engine reads them. */
function propertiesOf(metadata: grpc.Metadata): Record<string, string> {
  const [binary] = metadata.get("grpc-status-details-bin");
  if (!(binary instanceof Buffer)) return {};
  const errors = Status.deserializeBinary(binary)
    .getDetailsList()
    .flatMap((detail) => {
      const name = "pulumirpc.InputPropertiesError";
      return (
        detail
          .unpack<InputPropertiesError>((bytes) => InputPropertiesError.deserializeBinary(bytes), name)
          ?.getErrorsList() ?? []
      );
    });
  return Object.fromEntries(errors.map((error) => [error.getPropertyPath(), error.getReason()]));
}
