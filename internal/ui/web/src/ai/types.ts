// What the API has of models, by the names the screens use.
import type * as api from '../api/schema.gen';

export type AccessRule = api.AccessInfo;
export type Amount = api.AmountInfo;
export type Budget = api.BudgetInfo;
export type CacheState = api.RequestInfo['cache'];
export type ChatIn = api.ChatIn;
export type Cost = api.CostInfo;
export type FeedbackLine = api.FeedbackInfo;
export type ModelChoice = api.ModelInfo;
export type Provider = api.ProviderInfo;
export type Providers = api.ProvidersOut;
export type RequestLine = api.RequestInfo;
export type Router = api.RouterInfo;
export type Tokens = api.UsageInfo;
export type UsageLine = api.UsageItem;
export type UsageReport = api.UsageOut;

export const scopes = ['all', 'user', 'role', 'module', 'key'] as const;
export type Scope = Budget['scope'];

export const periods = ['day', 'month'] as const;
export type Period = Budget['period'];
