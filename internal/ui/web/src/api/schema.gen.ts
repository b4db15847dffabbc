// Generated from the API's Go types: go test -run TestUITypesAreCurrent -update . Do not edit.

// Generated from the OpenAPI document; do not edit.

export interface AccessInfo {
  /** *: everybody none of whose roles has a rule. */
  role: string;
  /** Names and patterns such as openai/*; none: no model. */
  models: string[];
  version: number;
}

export interface ActOut {
  generation: number;
  steps: StepInfo[];
}

export interface ActionError {
  code: string;
  detail: string;
}

export interface ActionInEmpty {
  /** The items, at most 200. */
  ids: string[];
  input?: Empty;
}

export interface ActionInStruct {
  /** The items, at most 200. */
  ids: string[];
  input?: Record<string, unknown>;
}

export interface ActionOut {
  results: ActionResult[];
}

export interface ActionResult {
  id: string;
  ok: boolean;
  error?: ActionError;
}

export interface AmountInfo {
  tokens: number;
  /** Millionths of a unit of the currency. */
  micros: number;
}

export interface ApiKeyIn {
  name: string;
  /** Permissions and patterns such as billing.*.read, none beyond the caller's own. */
  permissions: string[];
  /** Null: the key does not end by itself. */
  expires_at?: string | null;
}

export interface ApiKeyInfo {
  id: string;
  name: string;
  /** How the key begins. */
  prefix: string;
  permissions: string[];
  created_at: string;
  expires_at?: string;
  /** To the minute. */
  last_used_at?: string;
  revoked_at?: string;
  owner: OwnerInfo;
}

export interface ApiKeyMade {
  id: string;
  /** The key itself. It is not stored and cannot be shown again. */
  key: string;
}

export interface ArmInfo {
  name: string;
  /** How often it was chosen on this instance since it was started. */
  asked: number;
  /** Of the rewards, from 0 to 1; 0.5 where nothing is known. */
  mean: number;
  /** How many rewards that is worth. */
  weight: number;
}

export interface Attempt {
  provider: string;
  model: string;
  key?: string;
  took_ms: number;
  hedge?: boolean;
  ok: boolean;
  error?: string;
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

export interface Bucket {
  hash: number;
  bucket: number;
  total: number;
}

export interface BudgetInfo {
  name: string;
  scope: "all" | "user" | "role" | "module" | "key";
  /** An id; *: each of the scope has an amount of its own. */
  subject?: string;
  /** In UTC. */
  period: "day" | "month";
  /** Of requests and answers together; absent: any number. */
  tokens?: number;
  /** Millionths of a unit of the currency; absent: any. */
  micros?: number;
  currency?: string;
  /** Names and patterns such as openai/*, and with them the aliases that can lead there; none: all models. */
  models: string[];
  /** In this period, by all instances, up to half a second ago. */
  used: AmountInfo;
  /** Who used most, at most 20, where each of the scope has an amount of its own. */
  by: SubjectUsed[];
  from: string;
  until: string;
  version: number;
}

export interface CacheCounts {
  /** Answers to the same request. */
  hits: number;
  misses: number;
  /** Answers that another request got at the same time. */
  shared: number;
  /** Answers to a request that means the same. */
  semantic: number;
}

export interface ChangePasswordIn {
  /** The password until now. */
  present: string;
  password: string;
  delivery?: "cookie" | "token";
}

export interface ChatAnswer {
  /** What feedback refers to. */
  id: string;
  provider: string;
  model: string;
  text: string;
  /** The model's own words on why it does not answer. */
  refusal?: string;
  reason: "stop" | "length" | "tool_calls" | "content_filter" | "other";
  usage: UsageInfo;
  cost: CostInfo;
  cache: "none" | "miss" | "exact" | "semantic" | "shared";
  took_ms: number;
}

export interface ChatIn {
  /** May be absent where the prompt names one. */
  model?: string;
  /** May be empty where there is a prompt, whose messages come first. */
  messages?: ChatTurn[];
  /** A template that the conversation begins with. */
  prompt?: ChatPrompt | null;
  /** Of the answer; 0: what the provider gives. */
  max_tokens?: number;
  temperature?: number | null;
}

export interface ChatPrompt {
  name: string;
  /** 0: the one that its flag chooses, or else the present one. */
  version?: number;
  variables?: Record<string, string>;
}

export interface ChatTurn {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface CheckFlagIn {
  key?: string;
  /** An object, or its text as a string, whose lines errors then name. */
  definition: unknown;
}

export interface CheckFlagOut {
  errors: FlagProblem[];
  /** Members that nothing reads, such as one that is misspelled. The definition can be saved with them. */
  warnings: FlagProblem[];
}

export interface CheckInfo {
  name: string;
  /** ok or failing */
  status: string;
  detail?: string;
}

export interface Column {
  key: string;
  title: string;
  kind?: string;
}

export interface CostInfo {
  /** In millionths of a unit of the currency. */
  micros: number;
  /** ISO 4217; empty where nothing was priced. */
  currency: string;
  /** The price of a part is not known. */
  unknown: boolean;
}

export interface CreateUserIn {
  email: string;
  name?: string;
  /** Empty: the account cannot sign in with a password yet. */
  password?: string;
  roles?: string[];
}

export interface DatabaseInfo {
  /** sqlite or postgres */
  kind: string;
  size_bytes?: number;
}

export interface Difference {
  value: number;
  interval: Interval;
  significant: boolean;
}

export interface Empty {
}

export interface ExplainIn {
  key: string;
  /** A draft to try in place of what is in force. */
  definition?: unknown;
  /** An account that asks, for callers who hold dashboard.users.read; its attributes are those the dashboard knows. What context says goes before them. */
  user_id?: string;
  /** Who asks: targeting_key and any attributes. */
  context?: Record<string, unknown>;
}

export interface Explanation {
  key: string;
  variant?: string;
  value: unknown;
  reason: string;
  error_code?: string;
  error_detail?: string;
  why: string;
  steps?: Step[];
}

export interface FailureInfo {
  operation: string;
  step: string;
  attempt: number;
  error: string;
  since: string;
}

export interface FeedbackIn {
  request_id: string;
  thumb?: "up" | "down";
  /** From 0 to 1; counts more than the thumb. */
  score?: number | null;
  comment?: string;
  /** What the answer should have been. */
  correction?: string;
}

export interface FeedbackInfo {
  id: string;
  request_id: string;
  user: string;
  at: string;
  thumb?: "up" | "down";
  score?: number;
  comment: string;
  correction: string;
  /** The model as the caller named it. */
  asked: string;
  provider: string;
  model: string;
  /** The template and its version, such as summary@3. */
  prompt: string;
  module: string;
  took_ms: number;
  /** Tokens. */
  input: number;
  /** Tokens. */
  output: number;
  cost: CostInfo;
  /** What routers decided. */
  notes: Note[];
}

export interface FlagActor {
  id: string;
  name: string;
}

export interface FlagDetail {
  key: string;
  kind: "boolean" | "string" | "number" | "object";
  enabled: boolean;
  /** The emergency brake is on. */
  killed: boolean;
  description?: string;
  owner?: string;
  expires_at?: string;
  stale: boolean;
  stale_why?: string;
  default_variant?: string;
  variants: FlagVariant[];
  /** 0: as a file defines it. */
  version: number;
  updated_at?: string;
  updated_by: FlagActor;
  /** How often it was evaluated on this instance since it was started. */
  exposures: number;
  source: "database" | "file" | "provider";
  /** Why what is stored cannot be used; what was in force before stays. */
  damaged?: string;
  /** In flagd's format; its text, a string, where what is stored is damaged. */
  definition: unknown;
  /** The shared rules that it refers to. */
  segments: string[];
  /** The flags that are its prerequisites. */
  needs: string[];
  /** The flags that it is a prerequisite of. */
  needed_by: string[];
}

export interface FlagInfo {
  key: string;
  kind: "boolean" | "string" | "number" | "object";
  enabled: boolean;
  /** The emergency brake is on. */
  killed: boolean;
  description?: string;
  owner?: string;
  expires_at?: string;
  stale: boolean;
  stale_why?: string;
  default_variant?: string;
  variants: FlagVariant[];
  /** 0: as a file defines it. */
  version: number;
  updated_at?: string;
  updated_by: FlagActor;
  /** How often it was evaluated on this instance since it was started. */
  exposures: number;
  source: "database" | "file" | "provider";
  /** Why what is stored cannot be used; what was in force before stays. */
  damaged?: string;
}

export interface FlagPreview {
  people: number;
  /** How many would get another variant. */
  changed: number;
  shares: FlagShare[];
}

export interface FlagProblem {
  /** JSON Pointer into the definition. */
  pointer: string;
  /** From 1; 0 is unknown. */
  line: number;
  column: number;
  code: string;
  detail: string;
  /** The flag or segment that would be wrong because of the change. */
  other?: string;
}

export interface FlagShare {
  /** Empty: the default of the code that asks. */
  variant: string;
  now: number;
  draft: number;
  /** 0 to 1. */
  now_share: number;
  /** 0 to 1. */
  draft_share: number;
}

export interface FlagVariant {
  name: string;
  value: unknown;
}

export interface FlagVersion {
  version: number;
  at: string;
  by: FlagActor;
  comment: string;
  /** null where it was deleted. */
  definition: unknown;
}

export interface GrantOut {
  user: UserInfo;
  /** Seconds until the access token expires. */
  expires_in: number;
  access_token?: string;
  refresh_token?: string;
  token_type?: string;
}

export interface ImportFlagsOut {
  created: string[];
  changed: string[];
  deleted: string[];
  unchanged: string[];
  /** What stands in the way, told by a dry run. */
  errors: FlagProblem[];
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

export interface Interval {
  low: number;
  high: number;
}

export interface JobInfo {
  module: string;
  name: string;
  title: string;
  schedule: string;
  zone: string;
  per_instance: boolean;
  /** What becomes of times that nobody kept: skip or run-once. */
  missed: string;
  /** Absent while the module is not enabled on this instance. */
  next_at?: string;
  running: boolean;
  /** The last run that has ended. */
  last?: RunInfo;
}

export interface KillFlagIn {
  killed?: boolean;
  /** What everybody gets; empty: the default variant. */
  variant?: string;
  comment?: string;
}

export interface LayoutIn {
  items: LayoutItemInput[];
}

export interface LayoutItem {
  module: string;
  panel: string;
  /** Columns of four. */
  width: number;
  /** Rows. */
  height: number;
  hidden: boolean;
}

export interface LayoutItemInput {
  module: string;
  panel: string;
  /** Columns of four. */
  width: number;
  /** Rows. */
  height: number;
  hidden?: boolean;
}

export interface LayoutOut {
  /** own, role or default */
  source: string;
  /** The role whose default this is. */
  role?: string;
  items: LayoutItem[];
}

export interface LimitInfo {
  name: string;
  title: string;
  /** Whose limit it is; absent: the dashboard's own. */
  module?: string;
  /** What is in force, such as 100/m burst 20. With the word shadow it is counted only. */
  policy: string;
  /** What code asks for. */
  default: string;
  /** Whose buckets the limit has: account, api-key, address, sign-in-address, sign-in-account; none: any text. */
  keys: string[];
  /** Callers that have a limit of their own. */
  overrides: LimitKeyInfo[];
}

export interface LimitKeyInfo {
  key: string;
  policy: string;
}

export interface LogInfo {
  /** Counts the records of this process from 1. */
  seq: number;
  time: string;
  /** debug, info, warn or error, or one of them with a number added, such as info+2. */
  level: string;
  message: string;
  module?: string;
  request_id?: string;
  trace_id?: string;
  /** An object. */
  attrs: unknown;
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
  /** None with an API key. */
  roles: string[];
  permissions: string[];
  /** Absent with an API key. */
  session?: SessionInfo;
  /** What the caller came with, if it is an API key. */
  api_key?: MyAPIKey;
}

export interface ModelInfo {
  /** What requests call it. */
  name: string;
  provider?: string;
  kind: "alias" | "model";
}

export interface ModuleCounts {
  enabled: number;
  disabled: number;
  /** Failed, blocked or quarantined on this instance. */
  failed: number;
}

export interface ModuleHealth {
  /** ok, failing or unknown */
  status: string;
  detail?: string;
  panics: number;
  /** Requests that took too long. */
  timeouts: number;
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

export interface MyAPIKey {
  id: string;
  name: string;
  expires_at?: string;
}

export interface Note {
  router: string;
  choice: string;
  why?: string;
}

export interface OwnerInfo {
  id: string;
  name: string;
  email: string;
}

export interface PageAccessInfo {
  items: AccessInfo[];
  next_cursor?: string;
}

export interface PageApiKeyInfo {
  items: ApiKeyInfo[];
  next_cursor?: string;
}

export interface PageAuditInfo {
  items: AuditInfo[];
  next_cursor?: string;
}

export interface PageBudgetInfo {
  items: BudgetInfo[];
  next_cursor?: string;
}

export interface PageFeedbackInfo {
  items: FeedbackInfo[];
  next_cursor?: string;
}

export interface PageFlagInfo {
  items: FlagInfo[];
  next_cursor?: string;
}

export interface PageFlagVersion {
  items: FlagVersion[];
  next_cursor?: string;
}

export interface PageJobInfo {
  items: JobInfo[];
  next_cursor?: string;
}

export interface PageLimitInfo {
  items: LimitInfo[];
  next_cursor?: string;
}

export interface PageLogInfo {
  items: LogInfo[];
  next_cursor?: string;
}

export interface PageModelInfo {
  items: ModelInfo[];
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

export interface PagePromptInfo {
  items: PromptInfo[];
  next_cursor?: string;
}

export interface PagePromptVersion {
  items: PromptVersion[];
  next_cursor?: string;
}

export interface PageRefusedInfo {
  items: RefusedInfo[];
  next_cursor?: string;
}

export interface PageRequestInfo {
  items: RequestInfo[];
  next_cursor?: string;
}

export interface PageResourceLine {
  items: ResourceLine[];
  next_cursor?: string;
}

export interface PageRoleInfo {
  items: RoleInfo[];
  next_cursor?: string;
}

export interface PageRunInfo {
  items: RunInfo[];
  next_cursor?: string;
}

export interface PageSegmentInfo {
  items: SegmentInfo[];
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

export interface PageString {
  items: string[];
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
  /** Ranges of time that the query parameter range may ask for; without it the panel is live. */
  ranges: string[];
}

export interface PeerInfo {
  id: string;
  host: string;
  version: string;
  current: boolean;
  live: boolean;
  since: string;
  last_seen: string;
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

export interface PreviewFlagIn {
  definition: unknown;
  /** How many made-up people are asked for; 10,000 by default. */
  sample?: number;
}

export interface PreviewFlagOut {
  /** Made-up people, who have a targeting key and nothing else; fewer than were asked for where a slow definition takes more than a second. */
  sample: FlagPreview;
  /** The accounts of this dashboard, at most 2,000 and as many as a second is enough for; none for callers who lack dashboard.users.read. */
  accounts: FlagPreview;
  /** Whether accounts are all there are. */
  all: boolean;
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
  /** the values that detail speaks of, such as value and of; present where detail is the usual sentence for the code and them, which may be said in another language */
  params?: Record<string, string>;
}

export interface PromptInfo {
  name: string;
  version: number;
  description: string;
  messages: PromptTurn[];
  /** The names that texts may have in double braces. */
  variables: string[];
  /** What is asked where the request names no model. */
  model: string;
  /** A feature flag whose value, a string, is the version: where there is none of that version, the present one. */
  flag: string;
  updated_at: string;
  updated_by: FlagActor;
  /** What is stored cannot be used. */
  damaged?: boolean;
}

export interface PromptTurn {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface PromptTurnInput {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface PromptVersion {
  version: number;
  at: string;
  by: FlagActor;
  comment: string;
  deleted: boolean;
  description: string;
  messages: PromptTurn[];
  /** The names that texts may have in double braces. */
  variables: string[];
  /** What is asked where the request names no model. */
  model: string;
  /** A feature flag whose value, a string, is the version: where there is none of that version, the present one. */
  flag: string;
}

export interface ProviderError {
  kind: string;
  at: string;
}

export interface ProviderInfo {
  name: string;
  /** Degraded: some of it is left alone for a while; open: all of it. */
  state: "up" | "degraded" | "open" | "unknown";
  requests: number;
  failures: number;
  in_flight: number;
  p50_ms: number;
  p95_ms: number;
  last_error?: ProviderError;
  keys: ProviderKey[];
  /** By model and key. */
  models: ProviderUpstream[];
}

export interface ProviderKey {
  /** Never the key; empty where there is one only. */
  name: string;
  state: "up" | "degraded" | "open" | "unknown";
}

export interface ProviderUpstream {
  model: string;
  key: string;
  state: "up" | "degraded" | "open" | "unknown";
  /** Until when it is left alone. */
  open_till?: string;
  requests: number;
  failures: number;
  p50_ms: number;
  p95_ms: number;
}

export interface ProvidersOut {
  items: ProviderInfo[];
  /** Requests that another model answered than the one asked first. */
  fallbacks: number;
  cache: CacheCounts;
  /** What shifts traffic by feedback. */
  routers: RouterInfo[];
  /** Records that this instance had no room for since it was started. */
  dropped: number;
}

export interface PutAccessIn {
  /** Names and patterns such as openai/*; an alias is allowed too where all its targets are; none: no model. */
  models: string[];
}

export interface PutBudgetIn {
  scope: "all" | "user" | "role" | "module" | "key";
  /** The id of an account (or its e-mail address, with dashboard.users.read), a role, a module or an API key; *: each has an amount of its own; with the scope all, nothing. */
  subject?: string;
  period: "day" | "month";
  /** Of requests and answers together; 0: any number. */
  tokens?: number;
  /** Millionths of a unit of the currency; 0: any. Models whose price is not known are refused under it. */
  micros?: number;
  /** Such as USD; absent with micros: USD. */
  currency?: string;
  /** Names and patterns such as openai/*, and with them the aliases that can lead there; none: all models. */
  models?: string[];
}

export interface PutFlagIn {
  /** In flagd's format: an object, or its text as a string, whose lines errors then name. */
  definition: unknown;
  /** Why, for people who read the history. */
  comment?: string;
}

export interface PutLimitIn {
  /** Such as 100/m burst 20; units are ms, s, m, h and d. */
  policy: string;
}

export interface PutLimitKeyIn {
  /** Such as 100/m burst 20; units are ms, s, m, h and d. */
  policy: string;
}

export interface PutPromptIn {
  description?: string;
  messages: PromptTurnInput[];
  /** The names that texts may have in double braces. */
  variables?: string[];
  /** What is asked where the request names no model. */
  model?: string;
  /** A feature flag whose value, a string, is the version: where there is none of that version, the present one. */
  flag?: string;
  /** Why, for people who read the history. */
  comment?: string;
}

export interface PutRoleIn {
  title?: string;
  permissions?: string[];
  inherits?: string[];
}

export interface PutSegmentIn {
  definition: unknown;
  comment?: string;
}

export interface PutSettingsIn {
  values: unknown;
}

export interface Readout {
  flag: string;
  metric: string;
  control: string;
  variants: VariantReadout[];
}

export interface RefreshIn {
  /** Empty: the cookie's. */
  refresh_token?: string;
}

export interface RefusedInfo {
  limit: string;
  key: string;
  who: string;
  count: number;
  first_at: string;
  last_at: string;
  /** When the caller may go on; absent where waiting does not help. */
  until?: string;
}

export interface RequestInfo {
  id: string;
  at: string;
  user: string;
  /** The id of the API key. */
  key: string;
  roles: string[];
  module: string;
  /** The model as the caller named it. */
  asked: string;
  /** Empty where none answered. */
  provider: string;
  model: string;
  /** The template and its version, such as summary@3. */
  prompt: string;
  /** Until the first piece; 0 without any. */
  first_ms: number;
  took_ms: number;
  usage: UsageInfo;
  cost: CostInfo;
  cache: "none" | "miss" | "exact" | "semantic" | "shared";
  /** Why it ended; empty where it failed. */
  reason: string;
  /** The kind of the failure; empty where it ended well. */
  error: string;
  /** The provider's, of the failure; 0 without any. */
  http_status: number;
  /** Calls of providers, in the order in which they ended. */
  attempts: Attempt[];
  /** What routers decided. */
  notes: Note[];
}

export interface RequirementInfo {
  id: string;
  constraint: string;
  optional: boolean;
  have: string;
  satisfied: boolean;
}

export interface ResourceAbleTo {
  name: string;
  title: string;
  danger: boolean;
  confirm?: string;
  input_schema?: unknown;
}

export interface ResourceField {
  name: string;
  title: string;
  doc: string;
  type: "text" | "integer" | "number" | "boolean" | "time" | "duration" | "enum" | "list" | "object";
  values?: string[];
  /** A column of the list from the start. */
  list: boolean;
  filter: boolean;
  operators: string[];
  sort: boolean;
  read_only: boolean;
  unit?: string;
}

export interface ResourceInfo {
  module: string;
  name: string;
  title: string;
  singular: string;
  /** Below the mount. */
  path: string;
  /** The field that is the id. */
  key: string;
  /** The field that people call an item by. */
  label: string;
  may: ResourceRights;
  search: boolean;
  search_hint: string;
  default_sort: string;
  fields: ResourceField[];
  /** JSON Schema of the form for a new item. */
  create_schema?: unknown;
  /** JSON Schema of the form for changes. */
  update_schema?: unknown;
  /** What the caller may do to some items at a time. */
  actions: ResourceAbleTo[];
  export: string[];
}

export interface ResourceLine {
  module: string;
  name: string;
  title: string;
  path: string;
}

export interface ResourceRights {
  create: boolean;
  update: boolean;
  delete: boolean;
  export: boolean;
}

export interface RoleInfo {
  name: string;
  title: string;
  permissions: string[];
  inherits: string[];
  built_in: boolean;
}

export interface RoleLayoutIn {
  items: LayoutItemInput[];
}

export interface RollbackFlagIn {
  version: number;
  comment?: string;
}

export interface RollbackIn {
  version?: number;
}

export interface RollbackPromptIn {
  version: number;
  comment?: string;
}

export interface RollbackSegmentIn {
  version: number;
  comment?: string;
}

export interface RouterInfo {
  name: string;
  arms: ArmInfo[];
}

export interface RunInfo {
  id: string;
  started_at: string;
  ended_at?: string;
  duration_ms: number;
  instance: string;
  /** ok, failed, skipped (it never began), lost (its end is not known) or running. */
  outcome: string;
  /** schedule, manual or catch-up. */
  trigger: string;
  error?: string;
}

export interface RunJobOut {
  /** The run, as the job's history lists it. */
  id: string;
}

export interface SegmentInfo {
  name: string;
  /** A rule in JsonLogic; its text, a string, where what is stored is damaged. */
  definition: unknown;
  /** 0: as a file defines it. */
  version: number;
  updated_at?: string;
  updated_by: FlagActor;
  /** The flags that refer to it, those that do so by way of another segment left out. */
  used_by: string[];
  source: "database" | "file";
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

export interface SetPasswordIn {
  password: string;
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

export interface Step {
  kind: string;
  pointer?: string;
  text: string;
  outcome: string;
  decided?: boolean;
  bucket?: Bucket;
  steps?: Step[];
}

export interface StepInfo {
  module: string;
  op: string;
  title?: string;
}

export interface SubjectUsed {
  subject: string;
  tokens: number;
  /** Millionths of a unit of the currency. */
  micros: number;
}

export interface SystemOut {
  /** Of this library. */
  version: string;
  go_version: string;
  started_at: string;
  uptime_seconds: number;
  instance: string;
  host: string;
  database: DatabaseInfo;
  checks: CheckInfo[];
  instances: PeerInfo[];
  modules: ModuleCounts;
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

export interface UpdateMeIn {
  /** Empty: the e-mail address. */
  name?: string;
}

export interface UsageInfo {
  input: number;
  output: number;
  /** Of the input, what the provider had in its cache. */
  cached_input: number;
  /** Of the output. */
  reasoning: number;
  /** The provider did not say. */
  estimated: boolean;
}

export interface UsageItem {
  /** The day, the name or the id; empty for requests that have none. */
  key: string;
  requests: number;
  errors: number;
  /** Requests that a cache answered. */
  cached: number;
  /** Tokens. */
  input: number;
  /** Tokens. */
  output: number;
  /** In the currency that most was paid in. */
  cost: CostInfo;
  /** Estimated of the answers that ended well; 0 without any. */
  p50_ms: number;
  p95_ms: number;
}

export interface UsageOut {
  from: string;
  to: string;
  items: UsageItem[];
  total: UsageSums;
}

export interface UsageSums {
  requests: number;
  errors: number;
  /** Requests that a cache answered. */
  cached: number;
  /** Tokens. */
  input: number;
  /** Tokens. */
  output: number;
  /** In the currency that most was paid in. */
  cost: CostInfo;
  /** Estimated of the answers that ended well; 0 without any. */
  p50_ms: number;
  p95_ms: number;
}

export interface UserInfo {
  id: string;
  email: string;
  name: string;
  roles: string[];
  disabled: boolean;
  created_at?: string;
  last_login_at?: string;
}

export interface VariantReadout {
  variant: string;
  exposures: number;
  count: number;
  sum: number;
  mean: number;
  interval: Interval;
  rate: number;
  rate_interval: Interval;
  difference?: Difference;
  rate_difference?: Difference;
}

export interface Operations {
  /** The models that roles may ask for */
  "ai-access-rules": {
    method: "GET";
    path: "/api/v1/ai/access";
    answer: PageAccessInfo;
  };
  /** The models that one role may ask for */
  "ai-access-rule": {
    method: "GET";
    path: "/api/v1/ai/access/{role}";
    params: {
      path: {
        role: string;
      };
    };
    answer: AccessInfo;
  };
  /** Say which models a role may ask for */
  "put-ai-access": {
    method: "PUT";
    path: "/api/v1/ai/access/{role}";
    params: {
      path: {
        role: string;
      };
      header?: {
        "If-Match"?: string;
        "If-None-Match"?: string;
      };
    };
    body: PutAccessIn;
    answer: AccessInfo;
  };
  /** Let a role ask for any model, as far as its others do */
  "delete-ai-access": {
    method: "DELETE";
    path: "/api/v1/ai/access/{role}";
    params: {
      path: {
        role: string;
      };
      header?: {
        "If-Match"?: string;
        "If-None-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** The budgets of models, and what is used of them */
  "ai-budgets": {
    method: "GET";
    path: "/api/v1/ai/budgets";
    answer: PageBudgetInfo;
  };
  /** One budget of models */
  "ai-budget": {
    method: "GET";
    path: "/api/v1/ai/budgets/{name}";
    params: {
      path: {
        name: string;
      };
    };
    answer: BudgetInfo;
  };
  /** Make or change a budget of models */
  "put-ai-budget": {
    method: "PUT";
    path: "/api/v1/ai/budgets/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
        "If-None-Match"?: string;
      };
    };
    body: PutBudgetIn;
    answer: BudgetInfo;
  };
  /** Take a budget of models away */
  "delete-ai-budget": {
    method: "DELETE";
    path: "/api/v1/ai/budgets/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
        "If-None-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** Ask a model */
  "ai-chat": {
    method: "POST";
    path: "/api/v1/ai/chat";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body?: ChatIn;
    answer: ChatAnswer;
  };
  /** What people said of answers, newest first */
  "ai-feedback": {
    method: "GET";
    path: "/api/v1/ai/feedback";
    params?: {
      query?: {
        sort?: string;
        filter?: string;
        limit?: number;
        cursor?: string;
      };
    };
    answer: PageFeedbackInfo;
  };
  /** Say how good an answer was */
  "give-ai-feedback": {
    method: "POST";
    path: "/api/v1/ai/feedback";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: FeedbackIn;
    answer: FeedbackInfo;
  };
  /** Feedback for an evaluation set */
  "export-ai-feedback": {
    method: "GET";
    path: "/api/v1/ai/feedback/export";
    params?: {
      query?: {
        filter?: string;
      };
    };
    answer: string;
  };
  /** The models that can be asked */
  "ai-models": {
    method: "GET";
    path: "/api/v1/ai/models";
    answer: PageModelInfo;
  };
  /** The templates of prompts, by name */
  "ai-prompts": {
    method: "GET";
    path: "/api/v1/ai/prompts";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: PagePromptInfo;
  };
  /** One template */
  "ai-prompt": {
    method: "GET";
    path: "/api/v1/ai/prompts/{name}";
    params: {
      path: {
        name: string;
      };
    };
    answer: PromptInfo;
  };
  /** Make or change a template */
  "put-ai-prompt": {
    method: "PUT";
    path: "/api/v1/ai/prompts/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
        "If-None-Match"?: string;
      };
    };
    body: PutPromptIn;
    answer: PromptInfo;
  };
  /** Delete a template */
  "delete-ai-prompt": {
    method: "DELETE";
    path: "/api/v1/ai/prompts/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** Go back to an earlier version */
  "rollback-ai-prompt": {
    method: "POST";
    path: "/api/v1/ai/prompts/{name}/rollback";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
        "Idempotency-Key"?: string;
      };
    };
    body: RollbackPromptIn;
    answer: PromptInfo;
  };
  /** Versions of a template, newest first */
  "ai-prompt-versions": {
    method: "GET";
    path: "/api/v1/ai/prompts/{name}/versions";
    params: {
      path: {
        name: string;
      };
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: PagePromptVersion;
  };
  /** How the providers of models do */
  "ai-providers": {
    method: "GET";
    path: "/api/v1/ai/providers";
    answer: ProvidersOut;
  };
  /** What became of requests to models, newest first */
  "ai-requests": {
    method: "GET";
    path: "/api/v1/ai/requests";
    params?: {
      query?: {
        sort?: string;
        filter?: string;
        limit?: number;
        cursor?: string;
      };
    };
    answer: PageRequestInfo;
  };
  /** What models were used for */
  "ai-usage": {
    method: "GET";
    path: "/api/v1/ai/usage";
    params?: {
      query?: {
        by?: "day" | "model" | "provider" | "user" | "module" | "key" | "role";
        from?: string;
        to?: string;
        user?: string;
        key?: string;
        module?: string;
        provider?: string;
        model?: string;
      };
    };
    answer: UsageOut;
  };
  /** API keys, newest first */
  "api-keys": {
    method: "GET";
    path: "/api/v1/api-keys";
    params?: {
      query?: {
        owner?: "me" | "all";
        limit?: number;
        cursor?: string;
      };
    };
    answer: PageApiKeyInfo;
  };
  /** Make an API key of the caller's */
  "create-api-key": {
    method: "POST";
    path: "/api/v1/api-keys";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: ApiKeyIn;
    answer: ApiKeyMade;
  };
  /** Revoke an API key, of others by who manages accounts */
  "revoke-api-key": {
    method: "DELETE";
    path: "/api/v1/api-keys/{id}";
    params: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
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
  /** Change the caller's own name */
  "update-me": {
    method: "PATCH";
    path: "/api/v1/auth/me";
    body?: UpdateMeIn;
    answer: MeOut;
  };
  /** How the caller's overview is arranged */
  "my-layout": {
    method: "GET";
    path: "/api/v1/auth/me/layout";
    answer: LayoutOut;
  };
  /** Arrange the caller's overview */
  "put-my-layout": {
    method: "PUT";
    path: "/api/v1/auth/me/layout";
    params?: {
      header?: {
        "If-Match"?: string;
      };
    };
    body: LayoutIn;
    answer: LayoutOut;
  };
  /** Go back to the default of the caller's roles */
  "delete-my-layout": {
    method: "DELETE";
    path: "/api/v1/auth/me/layout";
    params?: {
      header?: {
        "If-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** The modules the caller may see here */
  "my-modules": {
    method: "GET";
    path: "/api/v1/auth/me/modules";
    answer: PageModuleNav;
  };
  /** Change the caller's own password, end every session and begin another */
  "change-password": {
    method: "POST";
    path: "/api/v1/auth/password";
    body: ChangePasswordIn;
    answer: GrantOut;
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
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
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
  /** The page of the UI that shows this document */
  docs: {
    method: "GET";
    path: "/api/v1/docs";
    answer: string;
  };
  /** Changes the caller may see */
  events: {
    method: "GET";
    path: "/api/v1/events";
    answer: Record<string, unknown>;
  };
  /** The feature flags */
  flags: {
    method: "GET";
    path: "/api/v1/flags";
    params?: {
      query?: {
        format?: "flagd" | "json";
        limit?: number;
        cursor?: string;
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: PageFlagInfo;
  };
  /** What is wrong with a definition */
  "check-flag": {
    method: "POST";
    path: "/api/v1/flags/check";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: CheckFlagIn;
    answer: CheckFlagOut;
  };
  /** What somebody would get, and why */
  "explain-flag": {
    method: "POST";
    path: "/api/v1/flags/explain";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: ExplainIn;
    answer: Explanation;
  };
  /** Take over a document in flagd's format */
  "import-flags": {
    method: "POST";
    path: "/api/v1/flags/import";
    params?: {
      query?: {
        dry_run?: boolean;
        mode?: "merge" | "replace";
        comment?: string;
      };
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: unknown;
    answer: ImportFlagsOut;
  };
  /** The metrics that were tracked on this instance */
  "flag-metrics": {
    method: "GET";
    path: "/api/v1/flags/metrics";
    answer: PageString;
  };
  /** One flag */
  flag: {
    method: "GET";
    path: "/api/v1/flags/{key}";
    params: {
      path: {
        key: string;
      };
    };
    answer: FlagDetail;
  };
  /** Make or change a flag */
  "put-flag": {
    method: "PUT";
    path: "/api/v1/flags/{key}";
    params: {
      path: {
        key: string;
      };
      header?: {
        "If-Match"?: string;
        "If-None-Match"?: string;
      };
    };
    body: PutFlagIn;
    answer: FlagDetail;
  };
  /** Delete a flag */
  "delete-flag": {
    method: "DELETE";
    path: "/api/v1/flags/{key}";
    params: {
      path: {
        key: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** What the variants of a flag did to a metric */
  "flag-experiment": {
    method: "GET";
    path: "/api/v1/flags/{key}/experiment";
    params: {
      path: {
        key: string;
      };
      query?: {
        metric?: string;
      };
    };
    answer: Readout;
  };
  /** Versions of a flag, newest first */
  "flag-history": {
    method: "GET";
    path: "/api/v1/flags/{key}/history";
    params: {
      path: {
        key: string;
      };
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: PageFlagVersion;
  };
  /** The emergency brake: serve one variant to everybody */
  "kill-flag": {
    method: "POST";
    path: "/api/v1/flags/{key}/kill";
    params: {
      path: {
        key: string;
      };
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body?: KillFlagIn;
    answer: FlagDetail;
  };
  /** Whom a change of a flag would affect */
  "preview-flag": {
    method: "POST";
    path: "/api/v1/flags/{key}/preview";
    params: {
      path: {
        key: string;
      };
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: PreviewFlagIn;
    answer: PreviewFlagOut;
  };
  /** Go back to an earlier version */
  "rollback-flag": {
    method: "POST";
    path: "/api/v1/flags/{key}/rollback";
    params: {
      path: {
        key: string;
      };
      header?: {
        "If-Match"?: string;
        "Idempotency-Key"?: string;
      };
    };
    body: RollbackFlagIn;
    answer: FlagDetail;
  };
  /** The periodic jobs of this program's modules */
  jobs: {
    method: "GET";
    path: "/api/v1/jobs";
    answer: PageJobInfo;
  };
  /** Run a job now */
  "run-job": {
    method: "POST";
    path: "/api/v1/jobs/{module}/{name}/run";
    params: {
      path: {
        module: string;
        name: string;
      };
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    answer: RunJobOut;
  };
  /** Runs of a job, newest first */
  "job-runs": {
    method: "GET";
    path: "/api/v1/jobs/{module}/{name}/runs";
    params: {
      path: {
        module: string;
        name: string;
      };
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: PageRunInfo;
  };
  /** The rate limits in force */
  limits: {
    method: "GET";
    path: "/api/v1/limits";
    answer: PageLimitInfo;
  };
  /** Who was refused of late */
  "limits-refused": {
    method: "GET";
    path: "/api/v1/limits/refused";
    answer: PageRefusedInfo;
  };
  /** One rate limit */
  limit: {
    method: "GET";
    path: "/api/v1/limits/{name}";
    params: {
      path: {
        name: string;
      };
    };
    answer: LimitInfo;
  };
  /** Change a rate limit */
  "put-limit": {
    method: "PUT";
    path: "/api/v1/limits/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body: PutLimitIn;
    answer: LimitInfo;
  };
  /** Go back to a rate limit's default */
  "delete-limit": {
    method: "DELETE";
    path: "/api/v1/limits/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: LimitInfo;
  };
  /** Give one caller a limit of its own */
  "put-limit-key": {
    method: "PUT";
    path: "/api/v1/limits/{name}/keys/{key}";
    params: {
      path: {
        key: string;
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body: PutLimitKeyIn;
    answer: LimitInfo;
  };
  /** Give one caller the limit of all others */
  "delete-limit-key": {
    method: "DELETE";
    path: "/api/v1/limits/{name}/keys/{key}";
    params: {
      path: {
        key: string;
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: LimitInfo;
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
      query?: {
        limit?: number;
        cursor?: string;
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
        "Idempotency-Key"?: string;
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
        "Idempotency-Key"?: string;
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
  /** The resources that the caller may list */
  resources: {
    method: "GET";
    path: "/api/v1/resources";
    answer: PageResourceLine;
  };
  /** What a resource is made of, for the UI */
  resource: {
    method: "GET";
    path: "/api/v1/resources/{module}/{name}";
    params: {
      path: {
        module: string;
        name: string;
      };
    };
    answer: ResourceInfo;
  };
  /** Roles */
  roles: {
    method: "GET";
    path: "/api/v1/roles";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: PageRoleInfo;
  };
  /** Create: Role */
  "create-role": {
    method: "POST";
    path: "/api/v1/roles";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: {
      name: string;
      title?: string;
      permissions?: string[];
      inherits?: string[];
    };
    answer: RoleInfo;
  };
  /** All of: Roles, as CSV */
  "roles-csv": {
    method: "GET";
    path: "/api/v1/roles.csv";
    params?: {
      query?: {
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: string;
  };
  /** All of: Roles, as NDJSON */
  "roles-ndjson": {
    method: "GET";
    path: "/api/v1/roles.ndjson";
    params?: {
      query?: {
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: string;
  };
  /** Delete: Roles */
  "roles-action-delete": {
    method: "POST";
    path: "/api/v1/roles/actions/delete";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: ActionInStruct;
    answer: ActionOut;
  };
  /** One of: Roles */
  role: {
    method: "GET";
    path: "/api/v1/roles/{id}";
    params: {
      path: {
        id: string;
      };
    };
    answer: RoleInfo;
  };
  /** Make or replace a role */
  "put-role": {
    method: "PUT";
    path: "/api/v1/roles/{id}";
    params: {
      path: {
        id: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body?: PutRoleIn;
    answer: undefined;
  };
  /** Delete: Role */
  "delete-role": {
    method: "DELETE";
    path: "/api/v1/roles/{id}";
    params: {
      path: {
        id: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** Change: Role */
  "update-role": {
    method: "PATCH";
    path: "/api/v1/roles/{id}";
    params: {
      path: {
        id: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body?: {
      title?: string | null;
      permissions?: string[] | null;
      inherits?: string[] | null;
    };
    answer: RoleInfo;
  };
  /** The default layout of a role */
  "role-layout": {
    method: "GET";
    path: "/api/v1/roles/{name}/layout";
    params: {
      path: {
        name: string;
      };
    };
    answer: LayoutOut;
  };
  /** Set the default layout of a role */
  "put-role-layout": {
    method: "PUT";
    path: "/api/v1/roles/{name}/layout";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body: RoleLayoutIn;
    answer: LayoutOut;
  };
  /** Remove the default layout of a role */
  "delete-role-layout": {
    method: "DELETE";
    path: "/api/v1/roles/{name}/layout";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** The segments that flags refer to */
  segments: {
    method: "GET";
    path: "/api/v1/segments";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: PageSegmentInfo;
  };
  /** One segment */
  segment: {
    method: "GET";
    path: "/api/v1/segments/{name}";
    params: {
      path: {
        name: string;
      };
    };
    answer: SegmentInfo;
  };
  /** Make or change a segment */
  "put-segment": {
    method: "PUT";
    path: "/api/v1/segments/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
        "If-None-Match"?: string;
      };
    };
    body: PutSegmentIn;
    answer: SegmentInfo;
  };
  /** Delete a segment that no flag refers to */
  "delete-segment": {
    method: "DELETE";
    path: "/api/v1/segments/{name}";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    answer: undefined;
  };
  /** Versions of a segment, newest first */
  "segment-history": {
    method: "GET";
    path: "/api/v1/segments/{name}/history";
    params: {
      path: {
        name: string;
      };
      query?: {
        limit?: number;
        cursor?: string;
      };
    };
    answer: PageFlagVersion;
  };
  /** Go back to an earlier version */
  "rollback-segment": {
    method: "POST";
    path: "/api/v1/segments/{name}/rollback";
    params: {
      path: {
        name: string;
      };
      header?: {
        "If-Match"?: string;
        "Idempotency-Key"?: string;
      };
    };
    body: RollbackSegmentIn;
    answer: SegmentInfo;
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
  /** Version, health and the instances of the fleet */
  system: {
    method: "GET";
    path: "/api/v1/system";
    answer: SystemOut;
  };
  /** The latest log records of this instance, newest first */
  logs: {
    method: "GET";
    path: "/api/v1/system/logs";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
        level?: "debug" | "info" | "warn" | "error";
        module?: string;
        request_id?: string;
        q?: string;
      };
    };
    answer: PageLogInfo;
  };
  /** Log records of this instance as they come */
  "log-stream": {
    method: "GET";
    path: "/api/v1/system/logs/stream";
    params?: {
      query?: {
        after?: number;
        level?: "debug" | "info" | "warn" | "error";
        module?: string;
        request_id?: string;
        q?: string;
      };
    };
    answer: Record<string, unknown>;
  };
  /** Users */
  users: {
    method: "GET";
    path: "/api/v1/users";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: PageUserInfo;
  };
  /** Create: User */
  "create-user": {
    method: "POST";
    path: "/api/v1/users";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: CreateUserIn;
    answer: UserInfo;
  };
  /** All of: Users, as CSV */
  "users-csv": {
    method: "GET";
    path: "/api/v1/users.csv";
    params?: {
      query?: {
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: string;
  };
  /** All of: Users, as NDJSON */
  "users-ndjson": {
    method: "GET";
    path: "/api/v1/users.ndjson";
    params?: {
      query?: {
        sort?: string;
        filter?: string;
        q?: string;
      };
    };
    answer: string;
  };
  /** Disable: Users */
  "users-action-disable": {
    method: "POST";
    path: "/api/v1/users/actions/disable";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: ActionInEmpty;
    answer: ActionOut;
  };
  /** Enable: Users */
  "users-action-enable": {
    method: "POST";
    path: "/api/v1/users/actions/enable";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: ActionInEmpty;
    answer: ActionOut;
  };
  /** One of: Users */
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
  /** Change: User */
  "update-user": {
    method: "PATCH";
    path: "/api/v1/users/{id}";
    params: {
      path: {
        id: string;
      };
      header?: {
        "If-Match"?: string;
      };
    };
    body?: {
      name?: string | null;
      roles?: string[] | null;
      disabled?: boolean | null;
    };
    answer: UserInfo;
  };
  /** Set the password of an account and end its sessions */
  "set-user-password": {
    method: "PUT";
    path: "/api/v1/users/{id}/password";
    params: {
      path: {
        id: string;
      };
    };
    body: SetPasswordIn;
    answer: undefined;
  };
}

export const operations = {
  "ai-access-rules": { method: "GET", path: "/api/v1/ai/access" },
  "ai-access-rule": { method: "GET", path: "/api/v1/ai/access/{role}" },
  "put-ai-access": { method: "PUT", path: "/api/v1/ai/access/{role}" },
  "delete-ai-access": { method: "DELETE", path: "/api/v1/ai/access/{role}" },
  "ai-budgets": { method: "GET", path: "/api/v1/ai/budgets" },
  "ai-budget": { method: "GET", path: "/api/v1/ai/budgets/{name}" },
  "put-ai-budget": { method: "PUT", path: "/api/v1/ai/budgets/{name}" },
  "delete-ai-budget": { method: "DELETE", path: "/api/v1/ai/budgets/{name}" },
  "ai-chat": { method: "POST", path: "/api/v1/ai/chat" },
  "ai-feedback": { method: "GET", path: "/api/v1/ai/feedback" },
  "give-ai-feedback": { method: "POST", path: "/api/v1/ai/feedback" },
  "export-ai-feedback": { method: "GET", path: "/api/v1/ai/feedback/export" },
  "ai-models": { method: "GET", path: "/api/v1/ai/models" },
  "ai-prompts": { method: "GET", path: "/api/v1/ai/prompts" },
  "ai-prompt": { method: "GET", path: "/api/v1/ai/prompts/{name}" },
  "put-ai-prompt": { method: "PUT", path: "/api/v1/ai/prompts/{name}" },
  "delete-ai-prompt": { method: "DELETE", path: "/api/v1/ai/prompts/{name}" },
  "rollback-ai-prompt": { method: "POST", path: "/api/v1/ai/prompts/{name}/rollback" },
  "ai-prompt-versions": { method: "GET", path: "/api/v1/ai/prompts/{name}/versions" },
  "ai-providers": { method: "GET", path: "/api/v1/ai/providers" },
  "ai-requests": { method: "GET", path: "/api/v1/ai/requests" },
  "ai-usage": { method: "GET", path: "/api/v1/ai/usage" },
  "api-keys": { method: "GET", path: "/api/v1/api-keys" },
  "create-api-key": { method: "POST", path: "/api/v1/api-keys" },
  "revoke-api-key": { method: "DELETE", path: "/api/v1/api-keys/{id}" },
  audit: { method: "GET", path: "/api/v1/audit" },
  login: { method: "POST", path: "/api/v1/auth/login" },
  logout: { method: "POST", path: "/api/v1/auth/logout" },
  me: { method: "GET", path: "/api/v1/auth/me" },
  "update-me": { method: "PATCH", path: "/api/v1/auth/me" },
  "my-layout": { method: "GET", path: "/api/v1/auth/me/layout" },
  "put-my-layout": { method: "PUT", path: "/api/v1/auth/me/layout" },
  "delete-my-layout": { method: "DELETE", path: "/api/v1/auth/me/layout" },
  "my-modules": { method: "GET", path: "/api/v1/auth/me/modules" },
  "change-password": { method: "POST", path: "/api/v1/auth/password" },
  refresh: { method: "POST", path: "/api/v1/auth/refresh" },
  sessions: { method: "GET", path: "/api/v1/auth/sessions" },
  "revoke-session": { method: "DELETE", path: "/api/v1/auth/sessions/{id}" },
  docs: { method: "GET", path: "/api/v1/docs" },
  events: { method: "GET", path: "/api/v1/events" },
  flags: { method: "GET", path: "/api/v1/flags" },
  "check-flag": { method: "POST", path: "/api/v1/flags/check" },
  "explain-flag": { method: "POST", path: "/api/v1/flags/explain" },
  "import-flags": { method: "POST", path: "/api/v1/flags/import" },
  "flag-metrics": { method: "GET", path: "/api/v1/flags/metrics" },
  flag: { method: "GET", path: "/api/v1/flags/{key}" },
  "put-flag": { method: "PUT", path: "/api/v1/flags/{key}" },
  "delete-flag": { method: "DELETE", path: "/api/v1/flags/{key}" },
  "flag-experiment": { method: "GET", path: "/api/v1/flags/{key}/experiment" },
  "flag-history": { method: "GET", path: "/api/v1/flags/{key}/history" },
  "kill-flag": { method: "POST", path: "/api/v1/flags/{key}/kill" },
  "preview-flag": { method: "POST", path: "/api/v1/flags/{key}/preview" },
  "rollback-flag": { method: "POST", path: "/api/v1/flags/{key}/rollback" },
  jobs: { method: "GET", path: "/api/v1/jobs" },
  "run-job": { method: "POST", path: "/api/v1/jobs/{module}/{name}/run" },
  "job-runs": { method: "GET", path: "/api/v1/jobs/{module}/{name}/runs" },
  limits: { method: "GET", path: "/api/v1/limits" },
  "limits-refused": { method: "GET", path: "/api/v1/limits/refused" },
  limit: { method: "GET", path: "/api/v1/limits/{name}" },
  "put-limit": { method: "PUT", path: "/api/v1/limits/{name}" },
  "delete-limit": { method: "DELETE", path: "/api/v1/limits/{name}" },
  "put-limit-key": { method: "PUT", path: "/api/v1/limits/{name}/keys/{key}" },
  "delete-limit-key": { method: "DELETE", path: "/api/v1/limits/{name}/keys/{key}" },
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
  resources: { method: "GET", path: "/api/v1/resources" },
  resource: { method: "GET", path: "/api/v1/resources/{module}/{name}" },
  roles: { method: "GET", path: "/api/v1/roles" },
  "create-role": { method: "POST", path: "/api/v1/roles" },
  "roles-csv": { method: "GET", path: "/api/v1/roles.csv" },
  "roles-ndjson": { method: "GET", path: "/api/v1/roles.ndjson" },
  "roles-action-delete": { method: "POST", path: "/api/v1/roles/actions/delete" },
  role: { method: "GET", path: "/api/v1/roles/{id}" },
  "put-role": { method: "PUT", path: "/api/v1/roles/{id}" },
  "delete-role": { method: "DELETE", path: "/api/v1/roles/{id}" },
  "update-role": { method: "PATCH", path: "/api/v1/roles/{id}" },
  "role-layout": { method: "GET", path: "/api/v1/roles/{name}/layout" },
  "put-role-layout": { method: "PUT", path: "/api/v1/roles/{name}/layout" },
  "delete-role-layout": { method: "DELETE", path: "/api/v1/roles/{name}/layout" },
  segments: { method: "GET", path: "/api/v1/segments" },
  segment: { method: "GET", path: "/api/v1/segments/{name}" },
  "put-segment": { method: "PUT", path: "/api/v1/segments/{name}" },
  "delete-segment": { method: "DELETE", path: "/api/v1/segments/{name}" },
  "segment-history": { method: "GET", path: "/api/v1/segments/{name}/history" },
  "rollback-segment": { method: "POST", path: "/api/v1/segments/{name}/rollback" },
  "setup-state": { method: "GET", path: "/api/v1/setup" },
  setup: { method: "POST", path: "/api/v1/setup" },
  system: { method: "GET", path: "/api/v1/system" },
  logs: { method: "GET", path: "/api/v1/system/logs" },
  "log-stream": { method: "GET", path: "/api/v1/system/logs/stream" },
  users: { method: "GET", path: "/api/v1/users" },
  "create-user": { method: "POST", path: "/api/v1/users" },
  "users-csv": { method: "GET", path: "/api/v1/users.csv" },
  "users-ndjson": { method: "GET", path: "/api/v1/users.ndjson" },
  "users-action-disable": { method: "POST", path: "/api/v1/users/actions/disable" },
  "users-action-enable": { method: "POST", path: "/api/v1/users/actions/enable" },
  user: { method: "GET", path: "/api/v1/users/{id}" },
  "update-user": { method: "PATCH", path: "/api/v1/users/{id}" },
  "set-user-password": { method: "PUT", path: "/api/v1/users/{id}/password" },
} as const satisfies { [K in keyof Operations]: Pick<Operations[K], "method" | "path"> };
