# Takes its time, unless the file tmp/hurry exists; then counts itself in the database.
# sidekiq may do a job twice, so the count is of numbers.
class SlowJob
  include Sidekiq::Worker
  sidekiq_options retry: 10
  sidekiq_retry_in { 1 }

  def perform(number, seconds)
    (seconds * 10).to_i.times { sleep 0.1 unless File.exist?("tmp/hurry") }
    Done.insert({ number: number })
  end
end
