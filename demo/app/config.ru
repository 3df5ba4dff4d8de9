# The page: a counter in redis.
require_relative "boot"
boot "thin", :mongo, :redis, :websocket

redis = Redis.new(**REDIS)
run lambda { |_env|
  begin
    [200, { "Content-Type" => "text/plain" }, ["visit #{redis.incr('visits')}\n"]]
  rescue Redis::BaseError => e
    [503, { "Content-Type" => "text/plain" }, ["no redis: #{e.class}\n"]]
  end
}
