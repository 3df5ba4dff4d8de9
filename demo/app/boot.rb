# Stands for Diaspora's own boot: connects to what it needs and fails if that is not
# there, or not ready. Says which on standard error.
require "socket"
require "redis"

REDIS = { host: "localhost", port: Integer(ENV.fetch("REDIS_PORT")) }

def boot(name, *needs)
  needs.each do |need|
    begin
      case need
      when :redis then Redis.new(**REDIS, reconnect_attempts: 0).ping
      when :mongo then TCPSocket.new("localhost", ENV.fetch("MONGO_PORT")).close unless ENV["NO_MONGO"]
      when :websocket then TCPSocket.new("localhost", ENV.fetch("WEBSOCKET_PORT")).close
      end
    rescue StandardError => e
      warn "#{name}: TOO EARLY: #{need}: #{e.class}"
      exit! 1
    end
  end
  warn "#{name}: booted"
end
