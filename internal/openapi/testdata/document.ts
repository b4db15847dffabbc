// Generated from the OpenAPI document; do not edit.

export interface Address {
  street: string;
  city: string;
  zip?: number;
}

export interface AddressInput {
  street: string;
  city: string;
  zip?: number | null;
}

export interface CreateCustomer {
  /** as on the invoice */
  name: string;
  email: string;
  website?: string;
  plan?: "free" | "team" | "business";
  seats?: number;
  tags?: string[];
  address: AddressInput;
  ref?: string | null;
  terms: true;
}

export interface Customer {
  id: string;
  name: string;
  plan: "free" | "team plus" | "business";
  address: Address;
  billing: Address | null;
  parent?: Customer;
  labels: Record<string, string>;
  created_at: string;
  every: string;
  avatar?: string;
  anything: unknown;
  weights: number[];
  last_login: string | null;
}

export interface CustomerInput {
  id?: string;
  name: string;
  plan: "free" | "team plus" | "business";
  address: AddressInput;
  billing?: AddressInput | null;
  parent?: CustomerInput | null;
  labels?: Record<string, string>;
  created_at?: string;
  every: string;
  avatar?: string;
  anything?: unknown;
  weights?: number[];
  last_login?: string | null;
}

export interface Event {
  module: string;
  state: "enabled" | "installed";
}

export interface PageCustomer {
  items: Customer[];
  /** absent on the last page */
  next_cursor?: string;
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

export interface Reading {
  /** degrees */
  value: number;
  /** degrees */
  max: number | null;
}

export interface Operations {
  getEvents: {
    method: "GET";
    path: "/api/v1/events";
    answer: Event;
  };
  getExportByRest: {
    method: "GET";
    path: "/api/v1/export/{rest}";
    params: {
      path: {
        rest: string;
      };
      query?: Record<string, string>;
    };
    answer: string;
  };
  /** List customers */
  getMBillingCustomers: {
    method: "GET";
    path: "/api/v1/m/billing/customers";
    params?: {
      query?: {
        limit?: number;
        cursor?: string;
        tag?: string[];
        since?: string;
        plan?: "free" | "team" | "business";
      };
    };
    answer: PageCustomer;
  };
  postMBillingCustomers: {
    method: "POST";
    path: "/api/v1/m/billing/customers";
    params?: {
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    body: CreateCustomer;
    answer: Customer;
  };
  readCustomer: {
    method: "GET";
    path: "/api/v1/m/billing/customers/{id}";
    params: {
      path: {
        id: string;
      };
      header: {
        "If-Match": string;
      };
    };
    answer: Customer;
  };
  deleteMBillingCustomersByKey: {
    method: "DELETE";
    path: "/api/v1/m/billing/customers/{id}";
    params: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  patchMBillingCustomersByKey: {
    method: "PATCH";
    path: "/api/v1/m/billing/customers/{id}";
    params: {
      path: {
        id: string;
      };
    };
    body?: CustomerInput;
    answer: Customer | undefined;
  };
  postMBillingCustomersByKeyClose: {
    method: "POST";
    path: "/api/v1/m/billing/customers/{key}/close";
    params: {
      path: {
        key: string;
      };
      header?: {
        "Idempotency-Key"?: string;
      };
    };
    answer: undefined;
  };
  putMBillingCustomersByKeyLabels: {
    method: "PUT";
    path: "/api/v1/m/billing/customers/{key}/labels";
    params: {
      path: {
        key: string;
      };
    };
    body: Record<string, string>;
    answer: undefined;
  };
  getWeather: {
    method: "GET";
    path: "/api/v1/weather";
    answer: Reading[];
  };
  getLivez: {
    method: "GET";
    path: "/livez";
    answer: Record<string, string>;
  };
}

export const operations = {
  getEvents: { method: "GET", path: "/api/v1/events" },
  getExportByRest: { method: "GET", path: "/api/v1/export/{rest}" },
  getMBillingCustomers: { method: "GET", path: "/api/v1/m/billing/customers" },
  postMBillingCustomers: { method: "POST", path: "/api/v1/m/billing/customers" },
  readCustomer: { method: "GET", path: "/api/v1/m/billing/customers/{id}" },
  deleteMBillingCustomersByKey: { method: "DELETE", path: "/api/v1/m/billing/customers/{id}" },
  patchMBillingCustomersByKey: { method: "PATCH", path: "/api/v1/m/billing/customers/{id}" },
  postMBillingCustomersByKeyClose: { method: "POST", path: "/api/v1/m/billing/customers/{key}/close" },
  putMBillingCustomersByKeyLabels: { method: "PUT", path: "/api/v1/m/billing/customers/{key}/labels" },
  getWeather: { method: "GET", path: "/api/v1/weather" },
  getLivez: { method: "GET", path: "/livez" },
} as const satisfies { [K in keyof Operations]: Pick<Operations[K], "method" | "path"> };
