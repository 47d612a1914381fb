/** As much of an AsyncAPI 3 document as the page shows. */
export interface AsyncApi {
  readonly defaultContentType?: string;
  readonly info: { readonly title: string; readonly description: string };
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly operationBindings?: Readonly<Record<string, Bindings>>;
  };
}

export type Ref = { readonly $ref: string };
type Bindings = { readonly mqtt?: { readonly qos: number; readonly retain?: boolean } };

export interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly messages: Readonly<Record<string, Ref>>;
  readonly "x-stream"?: string;
  readonly "x-setting"?: string;
}

export interface Operation {
  readonly action: "send" | "receive";
  readonly summary: string;
  readonly tags: readonly { readonly name: string }[];
  readonly channel: Ref;
  readonly bindings?: Bindings | Ref;
  readonly "x-durable-consumers"?: readonly string[];
}

export interface Message {
  readonly contentType?: string;
  readonly headers?: Schema | Ref;
  readonly payload: Schema | Ref;
  readonly examples: readonly {
    readonly summary: string;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly payload: unknown;
  }[];
}

export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema | Ref>>;
  readonly items?: Schema | Ref;
  readonly allOf?: readonly (Schema | Ref)[];
  readonly oneOf?: readonly (Schema | Ref)[];
}

export function isRef(given: object): given is Ref {
  return "$ref" in given;
}

/** The last part of a reference. */
export function nameIn({ $ref }: Ref): string {
  return $ref.slice($ref.lastIndexOf("/") + 1);
}
