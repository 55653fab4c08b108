-- Asks wrk's server once for each path of a file, and tells how many answers came in how many microseconds.
-- wrk -s once.lua -t1 … -- FILE

local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long us; } moment; int gettimeofday(moment *now, void *zone);")

local function now()
  local moment = ffi.new("moment")
  ffi.C.gettimeofday(moment, nil)
  return tonumber(moment.s) * 1e6 + tonumber(moment.us)
end

local threads = {}
local paths, asked = {}, 0
answered, refused, began, ended = 0, 0, 0, 0

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  for line in io.lines(args[1]) do
    paths[#paths + 1] = wrk.format(nil, line)
  end
end

function request()
  if asked == 0 then
    began = now()
  end
  asked = asked + 1
  return paths[math.min(asked, #paths)]
end

function response(status)
  if answered == #paths then
    return
  end
  answered = answered + 1
  if status ~= 200 then
    refused = refused + 1
  end
  if answered == #paths then
    ended = now()
    wrk.thread:stop()
  end
end

function done()
  local thread = threads[1]
  print(string.format("once: %d answers, %d refused, %.0f us", thread:get("answered"), thread:get("refused"),
    thread:get("ended") - thread:get("began")))
end
