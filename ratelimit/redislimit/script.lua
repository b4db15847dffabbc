-- Decides or corrects the buckets KEYS, one charge each, all in one slot.
--
-- A bucket is its debt: the time until it is full, in ticks. A policy has k ticks
-- in each u microseconds (u is 1 but for buckets that take decades to fill) and a
-- unit costs step ticks: all whole, so that no rate is rounded. Every number here
-- is whole and below 2^53, and so exact.
--
-- ARGV[i] is six doubles: mode (0 charge, 1 charge under a shadow policy, 2 settle,
-- 3 only look), the cost in ticks, step, k, u, and fill: the ticks of a full bucket.
-- With leases there are five more: the units to take ahead; of the lease that this
-- charge renews the units left, those granted, and its generation; and the length
-- of a generation in microseconds, which is how long leases live.
-- Without ARGV a key is written, to see that it can be.
--
-- The answer has two numbers for each charge: the debt; and the units taken ahead,
-- or -1 when nothing was charged, or -2 when moreover parked units keep the bucket
-- from filling. With leases there is a third: the generation.
--
-- A value is six doubles: the debt, when that was, step, k, u, fill. Four more
-- while units are parked in leases: the length of a generation, its number, the
-- units parked in it, and in the one before. The debt does not fall below what
-- parked units cost until the generation after theirs has ended, and with it their
-- leases: the units in the bucket and in leases are never more than a full bucket.
-- What else stands in the place of a value, even of another type, counts as none.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if #ARGV == 0 then
  redis.call('SET', KEYS[1], '', 'PX', 1000)
  return {}
end

local floor, unpack = math.floor, struct.unpack

-- Most calls are one charge of a bucket without leases: the same as below, at
-- half the cost.
if #KEYS == 1 and #ARGV[1] == 48 then
  local mode, cost, step, k, u, fill = unpack('<dddddd', ARGV[1])
  local value = redis.pcall('GET', KEYS[1])
  local debt, plain = 0, mode < 2 and u == 1
  if value then
    plain = plain and #value == 48
    if plain then
      local at, step0, k0, u0, fill0
      debt, at, step0, k0, u0, fill0 = unpack('<dddddd', value)
      plain = step == step0 and k == k0 and u == u0 and fill == fill0 and at <= now
      debt = debt - (now - at) * k
      if debt < 0 then debt = 0 end
    end
  end
  if plain then
    local new = debt + cost
    if new > fill then return { debt, -1 } end
    if cost > 0 then
      -- The time to live is a little more than the bucket needs: Redis counts whole
      -- milliseconds from before the script began, and a key that goes too early
      -- fills its bucket.
      redis.call('SET', KEYS[1], struct.pack('<dddddd', new, now, step, k, u, fill), 'PX', floor(new / k / 1000 + 50))
    end
    return { new, 0 }
  end
end

-- held lets the debt fall where units are parked.
local function held(value, now)
  local debt, at, step, k, u, fill, life, gen, cur, prev = unpack('<dddddddddd', value)
  local function fall(till, low)
    if till > now then till = now end
    if till <= at then return end
    local n = floor((till - at) / u)
    debt, at = debt - n * k, at + n * u
    if debt <= low then debt, at = low, till end
  end
  local g = floor(now / life)
  if g < gen then gen = g end -- the clock was set back
  if at > now then at = now end
  fall((gen + 1) * life, (cur + prev) * step)
  fall((gen + 2) * life, cur * step)
  fall(now, 0)
  if g > gen then
    prev = g == gen + 1 and cur or 0
    gen, cur = g, 0
  end
  return debt, at, step, k, u, fill, life, gen, cur, prev
end

-- load returns a bucket as it is now.
local function load(value, step, k, u, fill)
  local debt, at, step0, k0, u0, fill0
  local life, gen, cur, prev = 0, 0, 0, 0
  local back = unpack('<d', value, 9) > now -- the clock was set back
  if #value == 48 then
    debt, at, step0, k0, u0, fill0 = unpack('<dddddd', value)
    if back then
      at = now
    else
      local n = floor((now - at) / u0)
      debt, at = debt - n * k0, at + n * u0
      if debt <= 0 then debt, at = 0, now end
    end
  else
    debt, at, step0, k0, u0, fill0, life, gen, cur, prev = held(value, now)
  end
  if step ~= step0 or k ~= k0 or u ~= u0 or fill ~= fill0 then
    -- The policy changed. The bucket keeps the units that it holds.
    debt, at = fill - floor((fill0 - debt) * step / step0), now
    debt = math.max(debt, (cur + prev) * step)
  end
  return { debt, at, life, gen, cur, prev, 0, back }
end

local buckets, ok = {}, true
for i = 1, #KEYS do
  local mode, cost, step, k, u, fill = unpack('<dddddd', ARGV[i])
  local b
  for j = 1, i - 1 do
    if KEYS[j] == KEYS[i] then b = buckets[j] end
  end
  if not b then
    local value = redis.pcall('GET', KEYS[i])
    if value and (#value == 48 or #value == 80) then
      b = load(value, step, k, u, fill)
    else
      b = { 0, now, 0, 0, 0, 0, 0, false }
    end
  end
  buckets[i] = b
  if mode == 0 then
    b[7] = b[7] + cost
    if b[1] + b[7] > fill then ok = false end
  end
end

local answer, stride = {}, #ARGV[1] == 88 and 3 or 2
for i = 1, #KEYS do
  local mode, cost, step, k, u, fill = unpack('<dddddd', ARGV[i])
  local b, extra = buckets[i], -1
  if mode == 2 then
    extra = 0
    b[1] = math.min(math.max(b[1] + cost, (b[5] + b[6]) * step), 2 ^ 52)
  elseif ok and (mode == 0 or mode == 1 and b[1] + cost <= fill) then
    extra = 0
    b[1] = b[1] + cost
    if stride == 3 and cost > 0 then
      local want, left, granted, gen, life = unpack('<ddddd', ARGV[i], 49)
      if b[3] ~= life then -- the first lease, or another policy
        b[3], b[4], b[5], b[6] = life, floor(now / life), b[5] + b[6], 0
      end
      if gen == b[4] then
        b[5] = math.max(b[5] - granted, 0)
      elseif gen == b[4] - 1 then
        b[6] = math.max(b[6] - granted, 0)
      end
      local room = floor(fill / step / 4) - b[5] - b[6] - left
      extra = math.max(math.min(want, room, floor((fill - b[1]) / step / 2)), 0)
      b[1], b[5] = b[1] + extra * step, b[5] + left + extra
    end
  elseif b[5] + b[6] > 0 then
    extra = -2
  end
  if extra >= 0 and cost ~= 0 or b[8] then
    local debt, parked = b[1], b[5] + b[6]
    local ttl = debt / k * u / 1000 + 50 -- as above, in milliseconds
    local value
    if parked > 0 then
      value = struct.pack('<dddddddddd', debt, b[2], step, k, u, fill, b[3], b[4], b[5], b[6])
      ttl = math.max(ttl, b[3] / 500 + 50)
    elseif debt > 0 then
      value = struct.pack('<dddddd', debt, b[2], step, k, u, fill)
    end
    if value then
      redis.call('SET', KEYS[i], value, 'PX', floor(math.min(ttl, 2 ^ 43)))
    else
      redis.call('DEL', KEYS[i])
    end
  end
  local o = (i - 1) * stride
  answer[o + 1], answer[o + 2] = b[1], extra
  if stride == 3 then answer[o + 3] = b[4] end
end
return answer
