// Generated from the API's Go types: go test -run TestUITypesAreCurrent -update . Do not edit.

// Generated from the OpenAPI document; do not edit.

export interface ActOut {
  generation: number;
  steps: StepInfo[];
}

export interface AuditInfo {
  id: string;
  at: string;
  actor: string;
  actor_name: string;
  action: string;
  target: string;
  detail: unknown;
  request_id: string;
  address: string;
}

export interface BarData {
  unit?: string;
  bars: BarValue[];
  as_of: string;
}

export interface BarValue {
  label: string;
  value: number;
  max?: number;
}

export interface Column {
  key: string;
  title: string;
  kind?: string;
}

export interface CreateUserIn {
  email: string;
  name?: string;
  /** Empty: the account cannot sign in with a password yet. */
  password?: string;
  roles?: string[];
}

export interface FailureInfo {
  operation: string;
  step: string;
  attempt: number;
  error: string;
  since: string;
}

export interface GrantOut {
  user: UserInfo;
  /** Seconds until the access token expires. */
  expires_in: number;
  access_token?: string;
  refresh_token?: string;
  token_type?: string;
}

export interface InstanceInfo {
  id: string;
  host: string;
  version: string;
  state: string;
  blocked_by: string[];
  error?: string;
  generation: number;
  since: string;
  live: boolean;
  current: boolean;
  health: ModuleHealth;
}

export interface LoginIn {
  email: string;
  password: string;
  delivery?: "cookie" | "token";
}

export interface MarkdownData {
  markdown: string;
}

export interface MeOut {
  id: string;
  email: string;
  name: string;
  roles: string[];
  permissions: string[];
  session: SessionInfo;
}

export interface ModuleHealth {
  /** ok, failing or unknown */
  status: string;
  detail?: string;
  panics: number;
}

export interface ModuleInfo {
  id: string;
  title: string;
  description: string;
  /** The version of this program's code. */
  version: string;
  installed_version: string;
  desired: string;
  state: string;
  generation: number;
  since: string;
  requires: RequirementInfo[];
  required_by: string[];
  capabilities: string[];
  permissions: PermissionInfo[];
  failure?: FailureInfo;
  instances: InstanceInfo[];
}

export interface ModuleNav {
  id: string;
  title: string;
  description?: string;
  /** The module's own page, relative to the base. */
  script?: string;
  panels: PanelInfo[];
  /** Whether the caller may see settings of the module. */
  settings: boolean;
}

export interface PageAuditInfo {
  items: AuditInfo[];
  next_cursor?: string;
}

export interface PageModuleInfo {
  items: ModuleInfo[];
  next_cursor?: string;
}

export interface PageModuleNav {
  items: ModuleNav[];
  next_cursor?: string;
}

export interface PagePanelInfo {
  items: PanelInfo[];
  next_cursor?: string;
}

export interface PagePermissionInfo {
  items: PermissionInfo[];
  next_cursor?: string;
}

export interface PageRoleInfo {
  items: RoleInfo[];
  next_cursor?: string;
}

export interface PageSessionInfo {
  items: SessionInfo[];
  next_cursor?: string;
}

export interface PageSettingsVersion {
  items: SettingsVersion[];
  next_cursor?: string;
}

export interface PageUserInfo {
  items: UserInfo[];
  next_cursor?: string;
}

export interface PanelInfo {
  module: string;
  id: string;
  title: string;
  kind: string;
  refresh_seconds: number;
  width: number;
  unit?: string;
  about?: string;
}

export interface PermissionInfo {
  id: string;
  title: string;
  module: string;
}

export interface PlanOut {
  steps: StepInfo[];
  /** Why the action would be refused. */
  refused?: string;
  /** Whether it is allowed together with the modules in its way. */
  needs_cascade: boolean;
  required_by: string[];
}

/** An error (RFC 9457). Some types have further members. */
export interface Problem {
  /** stable identifier of the kind of error */
  type: string;
  /** what kind of error */
  title: string;
  status: number;
  /** what happened */
  detail?: string;
  /** names the request in the server's log */
  request_id?: string;
  errors?: ProblemField[];
}

export interface ProblemField {
  /** JSON pointer into the body, or #/query/name, #/path/name, #/header/name */
  pointer: string;
  /** what is wrong, for programs */
  code: string;
  /** what is wrong, for a person */
  detail: string;
}

export interface PutRoleIn {
  title?: string;
  permissions?: string[];
  inherits?: string[];
}

export interface PutSettingsIn {
  values: unknown;
}

export interface RefreshIn {
  /** Empty: the cookie's. */
  refresh_token?: string;
}

export interface RequirementInfo {
  id: string;
  constraint: string;
  optional: boolean;
  have: string;
  satisfied: boolean;
}

export interface RoleInfo {
  name: string;
  title: string;
  permissions: string[];
  inherits: string[];
  built_in: boolean;
}

export interface RollbackIn {
  version?: number;
}

export interface Series {
  name: string;
  values: Array<number | null>;
}

export interface SessionInfo {
  id: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  address: string;
  user_agent: string;
  current: boolean;
}

export interface SettingsChange {
  field: string;
  before?: unknown;
  after?: unknown;
  secret: boolean;
}

export interface SettingsInfo {
  values: unknown;
  /** Which secrets are set, by field. */
  secrets: Record<string, boolean>;
  version: number;
}

export interface SettingsVersion {
  version: number;
  at: string;
  actor: string;
  changes: SettingsChange[];
}

export interface SetupIn {
  /** The one-time token of the set-up link. */
  token: string;
  email: string;
  password: string;
  name?: string;
}

export interface SetupState {
  required: boolean;
}

export interface StatData {
  value: number;
  text?: string;
  unit?: string;
  delta?: number;
  delta_good?: string;
  spark: number[];
  note?: string;
  as_of: string;
}

export interface StepInfo {
  module: string;
  op: string;
  title?: string;
}

export interface TableData {
  columns: Column[];
  rows: Array<Record<string, unknown>>;
  as_of: string;
}

export interface TimeseriesData {
  unit?: string;
  times: number[];
  series: Series[];
  as_of: string;
}

export interface UpdateUserIn {
  name?: string | null;
  roles?: string[] | null;
  disabled?: boolean | null;
}

export interface UserInfo {
  id: string;
  email: string;
  name: string;
  roles: string[];
  disabled: boolean;
  created_at?: string;
}

export interface Operations {
  /** What was done, newest first */
  audit: {
    method: "GET";
    path: "/api/v1/audit";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
        action?: string;
        actor?: string;
        target?: string;
      };
    };
    answer: PageAuditInfo;
  };
  /** Sign in */
  login: {
    method: "POST";
    path: "/api/v1/auth/login";
    body: LoginIn;
    answer: GrantOut;
  };
  /** End this session */
  logout: {
    method: "POST";
    path: "/api/v1/auth/logout";
    body?: RefreshIn;
    answer: undefined;
  };
  /** Who is signed in */
  me: {
    method: "GET";
    path: "/api/v1/auth/me";
    answer: MeOut;
  };
  /** The modules the caller may see here */
  "my-modules": {
    method: "GET";
    path: "/api/v1/auth/me/modules";
    answer: PageModuleNav;
  };
  /** Get new tokens for a refresh token */
  refresh: {
    method: "POST";
    path: "/api/v1/auth/refresh";
    body?: RefreshIn;
    answer: GrantOut;
  };
  /** The caller's sessions */
  sessions: {
    method: "GET";
    path: "/api/v1/auth/sessions";
    answer: PageSessionInfo;
  };
  /** End one of the caller's sessions */
  "revoke-session": {
    method: "DELETE";
    path: "/api/v1/auth/sessions/{id}";
    params: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  /** Changes the caller may see */
  events: {
    method: "GET";
    path: "/api/v1/events";
    answer: Record<string, unknown>;
  };
  /** Panel bar */
  "every-panel-bar": {
    method: "GET";
    path: "/api/v1/m/every/panels/bar";
    answer: BarData;
  };
  /** Panel markdown */
  "every-panel-markdown": {
    method: "GET";
    path: "/api/v1/m/every/panels/markdown";
    answer: MarkdownData;
  };
  /** Panel stat */
  "every-panel-stat": {
    method: "GET";
    path: "/api/v1/m/every/panels/stat";
    answer: StatData;
  };
  /** Panel table */
  "every-panel-table": {
    method: "GET";
    path: "/api/v1/m/every/panels/table";
    answer: TableData;
  };
  /** Panel timeseries */
  "every-panel-timeseries": {
    method: "GET";
    path: "/api/v1/m/every/panels/timeseries";
    answer: TimeseriesData;
  };
  /** Every module and its state */
  modules: {
    method: "GET";
    path: "/api/v1/modules";
    answer: PageModuleInfo;
  };
  /** One module */
  module: {
    method: "GET";
    path: "/api/v1/modules/{id}";
    params: {
      path: {
        id: string;
      };
    };
    answer: ModuleInfo;
  };
  /** What an action would do */
  "module-plan": {
    method: "GET";
    path: "/api/v1/modules/{id}/plan";
    params: {
      path: {
        id: string;
      };
      query: {
        op: string;
        cascade?: boolean;
        purge?: boolean;
      };
    };
    answer: PlanOut;
  };
  /** A module's settings, without secrets */
  settings: {
    method: "GET";
    path: "/api/v1/modules/{id}/settings";
    params: {
      path: {
        id: string;
      };
    };
    answer: SettingsInfo;
  };
  /** Change a module's settings as a whole */
  "put-settings": {
    method: "PUT";
    path: "/api/v1/modules/{id}/settings";
    params: {
      path: {
        id: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body: PutSettingsIn;
    answer: SettingsInfo;
  };
  /** Earlier versions of a module's settings */
  "settings-history": {
    method: "GET";
    path: "/api/v1/modules/{id}/settings/history";
    params: {
      path: {
        id: string;
      };
    };
    answer: PageSettingsVersion;
  };
  /** Go back to an earlier version */
  "rollback-settings": {
    method: "POST";
    path: "/api/v1/modules/{id}/settings/rollback";
    params: {
      path: {
        id: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body?: RollbackIn;
    answer: SettingsInfo;
  };
  /** JSON Schema of a module's settings */
  "settings-schema": {
    method: "GET";
    path: "/api/v1/modules/{id}/settings/schema";
    params: {
      path: {
        id: string;
      };
    };
    answer: unknown;
  };
  /** Install, enable, disable, upgrade, uninstall, retry, roll back or force a module */
  "module-act": {
    method: "POST";
    path: "/api/v1/modules/{id}/{op}";
    params: {
      path: {
        id: string;
        op: string;
      };
      query?: {
        cascade?: boolean;
        purge?: boolean;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: ActOut;
  };
  /** OpenAPI 3.1 of what is enabled now */
  openapi: {
    method: "GET";
    path: "/api/v1/openapi.json";
    answer: unknown;
  };
  /** The panels the caller may see */
  panels: {
    method: "GET";
    path: "/api/v1/panels";
    answer: PagePanelInfo;
  };
  /** Every permission that roles can hold */
  permissions: {
    method: "GET";
    path: "/api/v1/permissions";
    answer: PagePermissionInfo;
  };
  /** Roles */
  roles: {
    method: "GET";
    path: "/api/v1/roles";
    answer: PageRoleInfo;
  };
  /** Make or replace a role */
  "put-role": {
    method: "PUT";
    path: "/api/v1/roles/{name}";
    params: {
      path: {
        name: string;
      };
    };
    body?: PutRoleIn;
    answer: undefined;
  };
  /** Delete a role that nobody has */
  "delete-role": {
    method: "DELETE";
    path: "/api/v1/roles/{name}";
    params: {
      path: {
        name: string;
      };
    };
    answer: undefined;
  };
  /** Whether the first account is still to be made */
  "setup-state": {
    method: "GET";
    path: "/api/v1/setup";
    answer: SetupState;
  };
  /** Make the first account, once */
  setup: {
    method: "POST";
    path: "/api/v1/setup";
    body: SetupIn;
    answer: GrantOut;
  };
  /** Accounts */
  users: {
    method: "GET";
    path: "/api/v1/users";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: PageUserInfo;
  };
  /** Make an account */
  "create-user": {
    method: "POST";
    path: "/api/v1/users";
    body: CreateUserIn;
    answer: UserInfo;
  };
  /** One account */
  user: {
    method: "GET";
    path: "/api/v1/users/{id}";
    params: {
      path: {
        id: string;
      };
    };
    answer: UserInfo;
  };
  /** Change an account */
  "update-user": {
    method: "PATCH";
    path: "/api/v1/users/{id}";
    params: {
      path: {
        id: string;
      };
    };
    body?: UpdateUserIn;
    answer: UserInfo;
  };
}

export const operations = {
  audit: { method: "GET", path: "/api/v1/audit" },
  login: { method: "POST", path: "/api/v1/auth/login" },
  logout: { method: "POST", path: "/api/v1/auth/logout" },
  me: { method: "GET", path: "/api/v1/auth/me" },
  "my-modules": { method: "GET", path: "/api/v1/auth/me/modules" },
  refresh: { method: "POST", path: "/api/v1/auth/refresh" },
  sessions: { method: "GET", path: "/api/v1/auth/sessions" },
  "revoke-session": { method: "DELETE", path: "/api/v1/auth/sessions/{id}" },
  events: { method: "GET", path: "/api/v1/events" },
  "every-panel-bar": { method: "GET", path: "/api/v1/m/every/panels/bar" },
  "every-panel-markdown": { method: "GET", path: "/api/v1/m/every/panels/markdown" },
  "every-panel-stat": { method: "GET", path: "/api/v1/m/every/panels/stat" },
  "every-panel-table": { method: "GET", path: "/api/v1/m/every/panels/table" },
  "every-panel-timeseries": { method: "GET", path: "/api/v1/m/every/panels/timeseries" },
  modules: { method: "GET", path: "/api/v1/modules" },
  module: { method: "GET", path: "/api/v1/modules/{id}" },
  "module-plan": { method: "GET", path: "/api/v1/modules/{id}/plan" },
  settings: { method: "GET", path: "/api/v1/modules/{id}/settings" },
  "put-settings": { method: "PUT", path: "/api/v1/modules/{id}/settings" },
  "settings-history": { method: "GET", path: "/api/v1/modules/{id}/settings/history" },
  "rollback-settings": { method: "POST", path: "/api/v1/modules/{id}/settings/rollback" },
  "settings-schema": { method: "GET", path: "/api/v1/modules/{id}/settings/schema" },
  "module-act": { method: "POST", path: "/api/v1/modules/{id}/{op}" },
  openapi: { method: "GET", path: "/api/v1/openapi.json" },
  panels: { method: "GET", path: "/api/v1/panels" },
  permissions: { method: "GET", path: "/api/v1/permissions" },
  roles: { method: "GET", path: "/api/v1/roles" },
  "put-role": { method: "PUT", path: "/api/v1/roles/{name}" },
  "delete-role": { method: "DELETE", path: "/api/v1/roles/{name}" },
  "setup-state": { method: "GET", path: "/api/v1/setup" },
  setup: { method: "POST", path: "/api/v1/setup" },
  users: { method: "GET", path: "/api/v1/users" },
  "create-user": { method: "POST", path: "/api/v1/users" },
  user: { method: "GET", path: "/api/v1/users/{id}" },
  "update-user": { method: "PATCH", path: "/api/v1/users/{id}" },
} as const satisfies { [K in keyof Operations]: Pick<Operations[K], "method" | "path"> };
