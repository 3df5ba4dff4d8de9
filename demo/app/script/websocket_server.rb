# As Diaspora's own: binds, then lives with redis and dies without it.
require "em-websocket"
require_relative "../boot"
boot "websocket", :mongo, :redis

redis = Redis.new(**REDIS, reconnect_attempts: 0)
EM.run do
  EM::WebSocket.run(host: "127.0.0.1", port: Integer(ENV.fetch("WEBSOCKET_PORT"))) { |_socket| }
  trap("TERM") { exit! 0 }
  EM.add_periodic_timer(0.2) do
    redis.ping
  rescue Redis::BaseError => e
    warn "websocket: lost redis: #{e.class}"
    exit! 1
  end
end
