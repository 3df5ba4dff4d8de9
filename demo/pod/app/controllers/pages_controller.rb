# The page: reads a row, counts the visit, and the jobs that were done.
class PagesController < ActionController::API
  def show
    page = Page.first!
    page.increment!(:visits)
    render plain: "#{page.title}: visit #{page.visits}, #{Done.count} jobs done\n"
  end
end
