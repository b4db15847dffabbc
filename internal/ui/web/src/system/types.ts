// The shapes of api/v1/system and api/v1/jobs, as the screens of the system use them.

/** One check of the server's health. */
export interface Check {
  name: string;
  status: string;
  detail?: string;
}

/** One server of the fleet. */
export interface Server {
  id: string;
  host: string;
  version: string;
  current: boolean;
  live: boolean;
  since: string;
  last_seen: string;
}

/** What the server says about itself. */
export interface SystemInfo {
  version: string;
  go_version: string;
  started_at: string;
  uptime_seconds: number;
  instance: string;
  host: string;
  database: { kind: string; size_bytes?: number };
  checks: Check[];
  instances: Server[];
  modules: { enabled: number; failed: number };
}

/** One run of a job. */
export interface Run {
  id: string;
  started_at: string;
  ended_at?: string;
  duration_ms?: number;
  instance: string;
  outcome: string;
  trigger: string;
  error?: string;
}

/** A job that a module runs by a schedule. */
export interface Job {
  module: string;
  name: string;
  title: string;
  schedule: string;
  zone: string;
  per_instance: boolean;
  missed: string;
  next_at?: string;
  running: boolean;
  last?: Run;
}

/** One record of the log. */
export interface LogRecord {
  seq: number;
  time: string;
  level: string;
  message: string;
  module?: string;
  request_id?: string;
  trace_id?: string;
  attrs: Record<string, unknown>;
}
