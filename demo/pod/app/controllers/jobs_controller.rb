# Enqueues a job, and lists the numbers of those that were done.
class JobsController < ActionController::API
  def create
    SlowJob.perform_async(Integer(params.require(:number)), Float(params.require(:seconds)))
    render plain: "enqueued\n", status: :accepted
  end

  def index
    render plain: Done.order(:number).pluck(:number).map { |number| "#{number}\n" }.join
  end
end
